import { describe, expect, it } from 'vitest';
import { emptyTimeline, type RecordedRun, sameNoise, withRun } from '../../../client/editor/timeline.ts';

const run = (id: string, nodes: readonly string[], steps = 4): RecordedRun => ({
  id,
  nodes: nodes.map((node) => ({
    node,
    total: steps,
    width: 192,
    height: 64,
    steps: Array.from({ length: steps }, (_, i) => ({ index: i + 1, sigma: 2 ** (3 - i) })),
  })),
});

describe('the timeline', () => {
  it('shows the newest run from its end, and keeps the one before', () => {
    const first = withRun(undefined, run('a', ['1']));
    expect(first).toMatchObject({ node: '1', at: 3, open: false, compared: false });
    const second = withRun(first && { ...first, at: 1, open: true }, run('b', ['1', '2']));
    expect(second?.runs.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(second).toMatchObject({ node: '1', at: 3, open: true });
    expect(withRun(second, run('c', ['2']))).toMatchObject({ node: '2', runs: [{ id: 'c' }, { id: 'b' }] });
    expect(withRun(second && { ...second, compared: true }, run('c', ['1']))?.compared).toBe(true);
  });

  it('is empty when nothing was recorded, and stays open', () => {
    const shown = withRun(undefined, run('a', ['1']));
    expect(withRun(shown && { ...shown, open: true }, run('b', []))).toEqual(emptyTimeline(true));
    expect(withRun(undefined, run('b', []))).toBeUndefined();
  });

  it('finds the step with the same noise in a run of other length', () => {
    const steps = run('a', ['1'], 7).nodes[0]?.steps ?? [];
    expect(sameNoise(steps, { index: 2, sigma: 4.2 }, 0)?.sigma).toBe(4);
    expect(sameNoise(steps, { index: 1, sigma: 100 }, 0)?.sigma).toBe(8);
    expect(sameNoise(steps, { index: 1 }, 1)?.index).toBe(7);
    expect(sameNoise([], { index: 1, sigma: 1 }, 0)).toBeUndefined();
  });
});
