import { describe, expect, it } from 'vitest';
import { Turns } from '../../server/queue/turns.ts';

/** A work that ends when it is told to. */
function held(name: string, done: string[]): { work: () => Promise<string>; end: () => void } {
  let end: () => void = () => undefined;
  const ended = new Promise<string>((resolve) => {
    end = () => resolve(name);
  });
  return {
    work: () => {
      done.push(name);
      return ended;
    },
    end,
  };
}

describe('turns', () => {
  it('go to the more urgent, otherwise in order, so many at once as there is room for', async () => {
    const begun: string[] = [];
    const turns = new Turns(2);
    const works = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => held(name, begun));
    const urgencies = ['last', 'last', 'last', 'soon', 'soon', 'first'] as const;
    const results = works.map(({ work }, index) => turns.take(work, urgencies[index] ?? 'soon'));
    expect(begun).toEqual(['a', 'b']);
    for (const { end } of works) end();
    expect(await Promise.all(results)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(begun).toEqual(['a', 'b', 'f', 'd', 'e', 'c']);
  });

  it('that come too late are refused and leave no gap; one that fails makes room', async () => {
    const begun: string[] = [];
    const turns = new Turns(1);
    const first = held('first', begun);
    const running = turns.take(first.work, 'soon');
    const late = turns.take(held('late', begun).work, 'soon', { late: 1, tooLate: () => new Error('too much to do') });
    await expect(late).rejects.toThrow('too much to do');
    first.end();
    await running;
    await expect(turns.take(() => Promise.reject(new Error('broken')), 'soon')).rejects.toThrow('broken');
    expect(await turns.take(async () => 'goes on', 'last')).toBe('goes on');
    expect(begun).toEqual(['first']);
  });
});
