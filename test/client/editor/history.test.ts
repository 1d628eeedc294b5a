import { describe, expect, it } from 'vitest';
import { createHistory } from '../../../client/editor/history.ts';

const at = (text: string, field?: string) => ({ text, action: 'change', document: 'a', ...(field === undefined ? {} : { field }) });

describe('undo', () => {
  it('walks back to the opened document and forth again', () => {
    const history = createHistory(() => false);
    history.reset(at('a'));
    for (const text of ['b', 'c']) history.push(at(text));
    expect([history.undo()?.text, history.undo()?.text, history.undo()?.text]).toEqual(['b', 'a', undefined]);
    expect([history.redo()?.text, history.redo()?.text, history.redo()?.text]).toEqual(['b', 'c', undefined]);
  });

  it('forgets what was taken back once something else is done, and counts no change that is none', () => {
    const history = createHistory(() => false);
    history.reset(at('a'));
    history.push(at('b'));
    history.push(at('b'));
    expect(history.undos).toBe(1);
    history.undo();
    history.push(at('c'));
    expect(history.redos).toBe(0);
    expect(history.undo()?.text).toBe('a');
  });

  it('takes a slider that is dragged as one step, another field or a pause as the next', () => {
    let still = true;
    const history = createHistory(() => still);
    history.reset(at('0'));
    for (const text of ['1', '2', '3']) history.push(at(text, '4.steps'));
    history.push(at('4', '4.cfg'));
    still = false;
    history.push(at('5', '4.cfg'));
    expect([history.undo()?.text, history.undo()?.text, history.undo()?.text, history.undo()?.text]).toEqual(['4', '3', '0', undefined]);
  });

  it('keeps the beginning of a long history', () => {
    const history = createHistory(() => false);
    history.reset(at('start'));
    for (let i = 0; i < 1000; i++) history.push(at(String(i)));
    let last: string | undefined;
    for (let text = history.undo()?.text; text !== undefined; text = history.undo()?.text) last = text;
    expect(last).toBe('start');
  });
});
