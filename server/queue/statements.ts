import type { HistoryQuery, QueuedJob } from '../jobs/store.ts';
import type { Statement } from './database.ts';
import { schema, takingOrder } from './schema.ts';

const jobs = `${schema}.jobs`;
const waiting = `state in ('queued', 'paused')`;

/** The state of a new job that its own host runs already has a worker; others wait. */
export interface Insertion {
  readonly token: string;
  readonly worker: string | undefined;
  /** How many may wait, and the text of their documents together; undefined where there is room for sure. */
  readonly bounds: { readonly queued: number; readonly queuedBytes: number } | undefined;
}

/** How many wait, and the text of their documents together; reads them all. */
export const load: Statement = { text: `select count(*) as jobs, coalesce(sum(bytes), 0) as bytes from ${jobs} where ${waiting}` };

/** Adds a job unless its id stands or too much waits; then tells what stands. Running it twice does it once. */
export const insertion = (job: QueuedJob, { token, worker, bounds }: Insertion): readonly Statement[] => [
  {
    text: `insert into ${jobs} (id, token, digest, bytes, source, title, needs, priority, rank, state, worker, starts, created, started)
      select $1, $2, $3, $4::integer, $5, $6, $7::text[], $8::integer, nextval('${schema}.places'), $9, $10::text, $11::integer,
        $12::double precision, $13::double precision
      where $10::text is not null or $14::bigint is null
        or (select count(*) < $14::bigint and coalesce(sum(bytes), 0) + $4::integer <= $15::bigint from ${jobs} where ${waiting})
      on conflict (id) do nothing`,
    values: [
      job.id,
      token,
      job.digest,
      job.bytes,
      job.source,
      job.title,
      [...job.needs],
      job.priority,
      worker === undefined ? 'queued' : 'running',
      worker ?? null,
      worker === undefined ? 0 : 1,
      job.created,
      worker === undefined ? null : job.created,
      bounds?.queued ?? null,
      bounds?.queuedBytes ?? null,
    ],
  },
  { text: `select digest, token from ${jobs} where id = $1`, values: [job.id] },
];

/** What a host can run: its models, or everything. */
export interface Ability {
  readonly worker: string;
  readonly models: readonly string[] | undefined;
}

/** Takes the first job that this host can run, unless the queue is held. The ticket makes a repetition find the same job again. */
export const taking = ({ worker, models }: Ability, { ticket, at }: { ticket: string; at: number }): readonly Statement[] => [
  {
    text: `with next as (
        select id from ${jobs}
        where state = 'queued' and ($4::text[] is null or needs <@ $4::text[])
          and not exists (select 1 from ${jobs} where ticket = $2)
          and not exists (select 1 from ${schema}.settings where name = 'paused' and value = 'true')
        order by ${takingOrder} limit 1 for update skip locked)
      update ${jobs} set state = 'running', worker = $1, ticket = $2, starts = starts + 1, started = $3::double precision
      from next where jobs.id = next.id`,
    values: [worker, ticket, at, models === undefined ? null : [...models]],
  },
  { text: `select id, source, starts, title, created from ${jobs} where ticket = $1 and state = 'running'`, values: [ticket] },
];

/** Notes how a job ended that this worker ran. */
export const ending = (
  id: string,
  worker: string,
  { state, at, snapshot }: { state: string; at: number; snapshot: string },
): Statement => ({
  text: `update ${jobs} set state = $3, ended = $4, snapshot = $5, ticket = null
    where id = $1 and worker = $2 and state = 'running' returning id`,
  values: [id, worker, state, at, snapshot],
});

/** Puts a job that this worker ran back where it was. */
export const givingBack = (id: string, worker: string): Statement => ({
  text: `update ${jobs} set state = 'queued', worker = null, ticket = null, started = null
    where id = $1 and worker = $2 and state = 'running'`,
  values: [id, worker],
});

/** Counts that an engine was lost while it ran this job. */
export const countingLoss = (id: string): Statement => ({
  text: `update ${jobs} set losses = losses + 1 where id = $1 returning losses`,
  values: [id],
});

/** What the id stands for. */
export const digestOf = (id: string): Statement => ({ text: `select digest from ${jobs} where id = $1`, values: [id] });

/** A waiting job becomes cancelled, with this as what is kept of it. */
export const withdrawal = (id: string, at: number, snapshot: string): Statement => ({
  text: `update ${jobs} set state = 'cancelled', ended = $2, snapshot = $3 where id = $1 and ${waiting} returning id`,
  values: [id, at, snapshot],
});

/** A waiting job is held or released. */
export const holding = (id: string, paused: boolean): Statement => ({
  text: `update ${jobs} set state = $2 where id = $1 and ${waiting} returning id`,
  values: [id, paused ? 'paused' : 'queued'],
});

/** Those that wait, in order; the first `limit` of them, or all. */
export const waitingJobs = (limit?: number): Statement => ({
  text: `select id, state, priority, title, created, starts from ${jobs} where ${waiting} order by ${takingOrder} limit $1`,
  values: [limit ?? null],
});

/** Gives every waiting job its place anew, with whole numbers; `order` holds all their ids, `priority` those that change. */
export const arrangement = (order: readonly string[], priority: ReadonlyMap<string, number>): readonly Statement[] => [
  {
    text: `update ${jobs} set rank = placed.rank from (
        select id, (select coalesce(min(rank), 0) from ${jobs} where ${waiting}) + place - 1 as rank
        from unnest($1::text[]) with ordinality as given (id, place)) as placed
      where jobs.id = placed.id and ${waiting}`,
    values: [[...order]],
  },
  ...[...priority].map(([id, value]) => prioritising([id], value)),
];

/** Sets the priority of waiting jobs. */
export const prioritising = (ids: readonly string[], priority: number): Statement => ({
  text: `update ${jobs} set priority = $2 where id = any($1::text[]) and ${waiting}`,
  values: [[...ids], priority],
});

/** A switch of the whole queue. */
export const setting = (name: string, value: string): Statement => ({
  text: `insert into ${schema}.settings (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value`,
  values: [name, value],
});

export const readSetting = (name: string): Statement => ({ text: `select value from ${schema}.settings where name = $1`, values: [name] });

const kept = 'id, title, state, priority, created, started, ended, worker, source, snapshot';

/** One job with all that is kept of it. */
export const oneRecord = (id: string): Statement => ({ text: `select ${kept} from ${jobs} where id = $1`, values: [id] });

/** The place in the history that a page ended at. */
export interface HistoryPlace {
  readonly ended: number;
  readonly id: string;
}

/** Ended jobs, newest first, from a place on. */
export const historyPage = ({ limit, state }: HistoryQuery, from: HistoryPlace | undefined): Statement => ({
  text: `select ${kept} from ${jobs}
    where ended is not null and ($1::text is null or state = $1)
      and ($2::double precision is null or (ended, id) < ($2, $3))
    order by ended desc, id desc limit $4`,
  values: [state ?? null, from?.ended ?? null, from?.id ?? '', limit],
});

/** Forgets the oldest ended jobs beyond a number. */
export const pruning = (keep: number): Statement => ({
  text: `delete from ${jobs} where ended is not null and (ended, id) < (
    select ended, id from ${jobs} where ended is not null order by ended desc, id desc offset $1 limit 1)`,
  values: [keep],
});

/** Forgets these ended jobs. */
export const erasure = (ids: readonly string[]): Statement => ({
  text: `delete from ${jobs} where id = any($1::text[]) and ended is not null returning id`,
  values: [[...ids]],
});

/** Jobs that a worker held whose process has died. */
export const orphansOf = (worker: string): Statement => ({
  text: `select id, title, created, deaths, unwanted from ${jobs} where state = 'running' and worker = $1`,
  values: [worker],
});

/** A job whose worker died waits again. */
export const reviving = (ids: readonly string[], worker: string): Statement => ({
  text: `update ${jobs} set state = 'queued', worker = null, ticket = null, started = null, deaths = deaths + 1
    where id = any($1::text[]) and worker = $2 and state = 'running'`,
  values: [[...ids], worker],
});
