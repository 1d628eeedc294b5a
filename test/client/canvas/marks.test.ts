import { describe, expect, it } from 'vitest';
import { Marks } from '../../../client/canvas/marks.ts';

const ran = { state: 'ran', ms: 1, reason: 'new' } as const;

describe('what is written in a node', () => {
  it('stays while it holds, and goes with a run that says nothing more', async () => {
    const marks = new Marks({ picture: () => Promise.reject(new Error('none')), changed: () => undefined });
    await marks.setContent('1', { kind: 'text', text: 'There is no such embedding.' });
    marks.setStatus('1', ran);
    expect(marks.get('1')?.text).toBe('There is no such embedding.');
    marks.clearRun();
    marks.setStatus('1', { state: 'running' });
    expect(marks.get('1')?.text).toBe('There is no such embedding.');
    marks.setStatus('1', ran);
    expect(marks.get('1')?.text).toBeUndefined();
  });
});
