import type { Problem } from '../../nodes/kit/index.ts';
import type { JobSnapshot } from '../../workflows/protocol.ts';
import type { Ending, JobRecord } from '../jobs/store.ts';
import type { Database, Row, Statement } from './database.ts';
import { rowsOf } from './database.ts';
import { numberIn, textIn } from './rows.ts';
import * as sql from './statements.ts';

/** A job during which its process died this often is not tried again: it may be the cause. */
const mostDeaths = 5;

const tooDeadly: Problem = {
  code: 'engine-lost',
  message: `The process died ${mostDeaths} times while this job ran, so it is not tried again by itself. The usual cause is too little memory: try a smaller size or batch, then run it again.`,
};

/** What is kept of a job that ended without having been watched by this process. */
export const endedAs = (
  state: Ending['state'],
  { id, title, created }: Pick<JobRecord, 'id' | 'title' | 'created'>,
  at: number,
): JobSnapshot => ({ id, title, safe: true, state, created, ended: at, nodes: {}, outputs: [], problems: [], seq: 0 });

const isSpent = (row: Row): boolean => numberIn(row, 'deaths') + 1 >= mostDeaths;

/** How a job ends that is not to run again. */
function endingOf(row: Row, worker: string): Statement {
  const at = Date.now();
  const state = row.unwanted === true ? 'cancelled' : 'failed';
  const snapshot = endedAs(state, { id: String(row.id), title: textIn(row, 'title') ?? '', created: numberIn(row, 'created') }, at);
  const problems = state === 'failed' ? [tooDeadly] : [];
  return sql.ending(snapshot.id, worker, { state, at, snapshot: JSON.stringify({ ...snapshot, problems }) });
}

/** What became of the jobs of a process that died. */
export interface Recovery {
  readonly revived: readonly string[];
  /** Those that ran too often when a process died, and those that somebody wanted cancelled. */
  readonly ended: readonly string[];
}

/** Jobs that a dead process ran wait again; one that was there too often ends. May be done by several hosts at once. */
export async function recoverJobs(database: Database, worker: string): Promise<Recovery> {
  const orphans = sql.orphansOf(worker);
  const rows = await rowsOf(database, orphans.text, ...(orphans.values ?? []));
  if (rows.length === 0) return { revived: [], ended: [] };
  const ends = rows.filter((row) => isSpent(row) || row.unwanted === true);
  const revived = rows.filter((row) => !ends.includes(row)).map((row) => String(row.id));
  await database.run([sql.reviving(revived, worker), ...ends.map((row) => endingOf(row, worker))]);
  return { revived, ended: ends.map((row) => String(row.id)) };
}
