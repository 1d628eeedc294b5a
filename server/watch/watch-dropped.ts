import type { JobSnapshot } from '../../workflows/index.ts';
import type { ServerContext } from '../http/context.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { submitRun } from '../jobs/submit.ts';
import { DropFolder } from './drop-folder.ts';

/** Waits for the end of a job that is known; undefined for one that is not. */
export async function endOfJob(jobs: Jobs, id: string, signal: AbortSignal): Promise<JobSnapshot | undefined> {
  const log = jobs.log(id);
  if (log === undefined) return jobs.find(id);
  for await (const _ of log.follow(signal, log.seq)) if (signal.aborted) break;
  return log.snapshot();
}

/** Runs what is dropped into a folder. Gives back the end of it. Throws `bad-path`. */
export async function watchDropped(folder: string, context: ServerContext): Promise<() => Promise<void>> {
  const { jobs, limits, log } = context;
  await jobs.ready;
  const drop = new DropFolder({
    folder,
    submit: (wish) => submitRun({ wish }, context),
    ended: (id, signal) => endOfJob(jobs, id, signal),
    mostBytes: limits.document,
    log,
  });
  await drop.start();
  return () => drop.close();
}
