import { GraphError, type Problem, toProblem } from '../../nodes/kit/index.ts';
import type { JobSnapshot } from '../../workflows/protocol.ts';
import { fileKey } from '../engine/models/named-files.ts';
import type { LiveCatalogue } from '../files/live-catalogue.ts';
import type { Jobs } from './jobs.ts';
import type { Reading, RunSource } from './read.ts';
import type { DocumentReader } from './reader.ts';
import type { JobRequest } from './store.ts';
import type { Submission } from './submission.ts';

/** A job that stands, or every reason why it does not. */
export type SubmitAnswer = { readonly job: JobSnapshot; readonly warnings: readonly Problem[] } | { readonly problems: readonly Problem[] };

/** What documents are read with. */
export interface ReadContext {
  readonly reader: DocumentReader;
  readonly catalogue: LiveCatalogue;
}

/** What a submission goes through. */
export interface SubmitContext extends ReadContext {
  readonly jobs: Jobs;
}

const listProblems = ['not-in-list', 'missing-model', 'missing-file'];

/** An embedding that no host has is left out of the picture with a warning, and needed by nobody. */
function withoutAbsent(reading: Reading, catalogue: LiveCatalogue): Reading {
  if ('problems' in reading) return reading;
  const needs = reading.needs.filter((need) => !need.startsWith(fileKey({ kind: 'embeddings', name: '' })) || catalogue.provided.has(need));
  return { ...reading, needs };
}

/** Reads with the lists as they are now: a file that arrived a moment ago may not have been noticed yet. */
async function readFresh(source: RunSource, { reader, catalogue }: ReadContext): Promise<Reading> {
  const reading = await reader.read(source, catalogue.current);
  const stale = 'problems' in reading && reading.problems.some(({ code }) => listProblems.includes(code));
  const fresh = stale && (await catalogue.refresh()) ? await reader.read(source, catalogue.current) : reading;
  return withoutAbsent(fresh, catalogue);
}

/** Validates and queues; the same id and content again gives the same job. Throws `duplicate-id` and `busy`. */
export async function submitRun(source: RunSource, context: SubmitContext): Promise<SubmitAnswer> {
  const reading = await readFresh(source, context);
  const { wanted } = reading;
  // A job that stands is given back even if it could not be sent any more, because a file of it has gone.
  const known = wanted?.id === undefined ? undefined : await context.jobs.known(wanted.id, wanted.digest);
  if (known !== undefined) return { job: known, warnings: [] };
  if ('problems' in reading) return reading;
  const { wanted: identity, warnings, ...content } = reading;
  return { job: await context.jobs.submit({ ...identity, ...content }), warnings };
}

/** What is kept of a job as a submission under a new id. Throws the first reason why it cannot be run (any more). */
export async function readAgain(source: string, context: ReadContext): Promise<Submission> {
  const reading = await readFresh({ kept: source }, context);
  if ('problems' in reading) {
    const [{ code, message, ...place } = { code: 'internal' as const, message: 'The workflow cannot be read.' }] = reading.problems;
    throw new GraphError(code, message, { place });
  }
  const { wanted, warnings: _, ...content } = reading;
  return { digest: wanted.digest, ...content };
}

/** What is to be run for a job that a store kept. `where` is said of a file that is missing here: the job may come from another host. */
export async function readKept(source: string, context: ReadContext, where = ''): Promise<JobRequest> {
  try {
    return (await readAgain(source, context)).request;
  } catch (thrown) {
    const problem = toProblem(thrown);
    if (where === '' || problem.code !== 'missing-file') throw thrown;
    const { code, message, ...place } = problem;
    throw new GraphError(code, `${message} ${where}`, { place, cause: thrown });
  }
}
