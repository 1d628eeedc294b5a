import { type Problem, toProblem } from '../../nodes/kit/index.ts';
import type { JobSnapshot } from '../../workflows/protocol.ts';
import type { LiveCatalogue } from '../files/live-catalogue.ts';
import type { Jobs } from './jobs.ts';
import { digestOf, type Reading, type RunWish, readWish } from './read.ts';

/** A job that stands, or every reason why it does not. */
export type SubmitAnswer = { readonly job: JobSnapshot; readonly warnings: readonly Problem[] } | { readonly problems: readonly Problem[] };

const listProblems = ['not-in-list', 'missing-model', 'missing-file'];

/** Reads with the lists as they are now: a file that arrived a moment ago may not have been noticed yet. */
async function readFresh(wish: RunWish, catalogue: LiveCatalogue): Promise<Reading> {
  const reading = readWish(wish, catalogue.current);
  if (!('problems' in reading) || !reading.problems.some(({ code }) => listProblems.includes(code))) return reading;
  return (await catalogue.refresh()) ? readWish(wish, catalogue.current) : reading;
}

/** Validates and queues a wish; the same id and content again gives the same job. Throws `duplicate-id` and `busy`. */
export async function submitWish(wish: RunWish, { jobs, catalogue }: { jobs: Jobs; catalogue: LiveCatalogue }): Promise<SubmitAnswer> {
  if (wish.id !== undefined) {
    let digest: string;
    try {
      digest = digestOf(wish);
    } catch (thrown) {
      return { problems: [toProblem(thrown)] };
    }
    const known = await jobs.known(wish.id, digest);
    if (known !== undefined) return { job: known, warnings: [] };
  }
  const reading = await readFresh(wish, catalogue);
  if ('problems' in reading) return reading;
  return { job: await jobs.submit(reading.submission), warnings: reading.warnings };
}
