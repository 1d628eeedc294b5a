import { setTimeout as delay } from 'node:timers/promises';
import { GraphError } from '../../nodes/kit/index.ts';
import type { SubmitAnswer } from './submit.ts';

/** How long until the next attempt when the queue was full, in ms. */
const patience = 1000;

/** Waits while the queue is full; undefined if the signal is aborted before there is room. */
export async function submitPatiently(submit: () => Promise<SubmitAnswer>, signal: AbortSignal): Promise<SubmitAnswer | undefined> {
  while (!signal.aborted) {
    try {
      return await submit();
    } catch (thrown) {
      if (!(thrown instanceof GraphError) || thrown.code !== 'busy') throw thrown;
      await delay(patience, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}
