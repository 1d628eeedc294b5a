import type { Problem } from '../../nodes/kit/index.ts';
import type { JobSnapshot } from '../../workflows/protocol.ts';
import type { LiveCatalogue } from '../files/live-catalogue.ts';
import type { Jobs } from './jobs.ts';
import type { Reading, RunSource } from './read.ts';
import type { DocumentReader } from './reader.ts';

/** A job that stands, or every reason why it does not. */
export type SubmitAnswer = { readonly job: JobSnapshot; readonly warnings: readonly Problem[] } | { readonly problems: readonly Problem[] };

/** What a submission goes through. */
export interface SubmitContext {
  readonly jobs: Jobs;
  readonly reader: DocumentReader;
  readonly catalogue: LiveCatalogue;
}

const listProblems = ['not-in-list', 'missing-model', 'missing-file'];

/** Reads with the lists as they are now: a file that arrived a moment ago may not have been noticed yet. */
async function readFresh(source: RunSource, { reader, catalogue }: SubmitContext): Promise<Reading> {
  const reading = await reader.read(source, catalogue.current);
  if (!('problems' in reading) || !reading.problems.some(({ code }) => listProblems.includes(code))) return reading;
  return (await catalogue.refresh()) ? reader.read(source, catalogue.current) : reading;
}

/** Validates and queues; the same id and content again gives the same job. Throws `duplicate-id` and `busy`. */
export async function submitRun(source: RunSource, context: SubmitContext): Promise<SubmitAnswer> {
  const reading = await readFresh(source, context);
  const { wanted } = reading;
  // A job that stands is given back even if it could not be sent any more, because a file of it has gone.
  const known = wanted?.id === undefined ? undefined : await context.jobs.known(wanted.id, wanted.digest);
  if (known !== undefined) return { job: known, warnings: [] };
  if ('problems' in reading) return reading;
  const { bytes, request, warnings } = reading;
  return { job: await context.jobs.submit({ ...reading.wanted, bytes, request }), warnings };
}
