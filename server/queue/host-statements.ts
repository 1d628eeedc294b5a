import type { Statement } from './database.ts';
import { schema, takingOrder } from './schema.ts';

const jobs = `${schema}.jobs`;
const hosts = `${schema}.hosts`;

/** Who a host is, and where; `about` is what it tells of itself, as JSON. */
export interface HostRow {
  readonly id: string;
  readonly machine: string;
  readonly about: string;
}

/** Tells the other hosts. */
export const telling = (payload: string): Statement => ({ text: `select pg_notify('${schema}', $1)`, values: [payload] });

/** Tells the other hosts of the job with this ticket, if there is one. */
export const tellingTaken = (worker: string, ticket: string): Statement => ({
  text: `select pg_notify('${schema}', json_build_object('worker', $1::text, 'id', id)::text) from ${jobs} where ticket = $2`,
  values: [worker, ticket],
});

/** A sign of life. */
export const heartbeat = ({ id, machine, about }: HostRow): Statement => ({
  text: `insert into ${hosts} (id, machine, about, seen) values ($1, $2, $3, clock_timestamp())
    on conflict (id) do update set machine = excluded.machine, about = excluded.about, seen = excluded.seen`,
  values: [id, machine, about],
});

/** A host that goes. */
export const farewell = (id: string): Statement => ({ text: `delete from ${hosts} where id = $1`, values: [id] });

/** Jobs of a worker that somebody wants cancelled. */
export const unwantedOf = (worker: string): Statement => ({
  text: `select id from ${jobs} where state = 'running' and worker = $1 and unwanted`,
  values: [worker],
});

/** Asks whoever runs a job to cancel it. */
export const stopping = (id: string): Statement => ({
  text: `update ${jobs} set unwanted = true where id = $1 and state = 'running' returning id`,
  values: [id],
});

/** Workers that hold jobs and have not been heard of for this long, in ms. */
export const silentWorkers = (patience: number): Statement => ({
  text: `select distinct worker as id from ${jobs} where state = 'running' and worker is not null and not exists (
    select 1 from ${hosts} where hosts.id = jobs.worker and seen > clock_timestamp() - make_interval(secs => $1::double precision / 1000))`,
  values: [patience],
});

/** Forgets hosts that have been silent for this long, in ms. */
export const forgetting = (patience: number): Statement => ({
  text: `delete from ${hosts} where seen < clock_timestamp() - make_interval(secs => $1::double precision / 1000)`,
  values: [patience],
});

/** The hosts, and which jobs each of them runs. */
export const allHosts: Statement = {
  text: `select id, machine, about, array(select jobs.id from ${jobs} where state = 'running' and worker = hosts.id order by started) as jobs
    from ${hosts} order by id`,
};

const standing = 'id, title, state, priority, created, starts, worker';

/** Where jobs stand now. */
export const standings = (ids: readonly string[]): Statement => ({
  text: `select ${standing} from ${jobs} where id = any($1::text[])`,
  values: [[...ids]],
});

/** Jobs that wait, in order, and those that others run. */
export const unfinishedElsewhere = (worker: string): Statement => ({
  text: `select ${standing} from ${jobs} where state in ('queued', 'paused') or (state = 'running' and worker <> $1) order by ${takingOrder}`,
  values: [worker],
});
