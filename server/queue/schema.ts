import type { Statement } from './database.ts';

/** Everything of ours lies in a schema of its own, so that a database may be shared with other programs. */
export const schema = 'litegraph_diffusion';

/** The channel on which hosts tell one another of changes. */
export const channel = 'litegraph_diffusion';

/** The order in which jobs are taken. */
export const takingOrder = 'priority desc, rank, id';

/** Makes what is missing; may be run at any time, by several hosts at once. `times` are ms since 1970. */
export const schemaStatements: readonly Statement[] = [
  // Two hosts that start together would both make it.
  { text: `select pg_advisory_xact_lock(hashtext('${schema}'))` },
  { text: `create schema if not exists ${schema}` },
  { text: `create sequence if not exists ${schema}.places` },
  {
    text: `create table if not exists ${schema}.jobs (
      id text primary key,
      token text not null,
      digest text not null,
      bytes integer not null,
      source text not null,
      title text not null,
      needs text[] not null,
      priority integer not null,
      rank double precision not null,
      state text not null,
      worker text,
      ticket text,
      starts integer not null default 0,
      losses integer not null default 0,
      deaths integer not null default 0,
      created double precision not null,
      started double precision,
      ended double precision,
      snapshot text
    )`,
  },
  { text: `create index if not exists jobs_queued on ${schema}.jobs (priority desc, rank, id) where state = 'queued'` },
  { text: `create index if not exists jobs_waiting on ${schema}.jobs (priority desc, rank, id) where state in ('queued', 'paused')` },
  { text: `create index if not exists jobs_running on ${schema}.jobs (worker) where state = 'running'` },
  { text: `create unique index if not exists jobs_ticket on ${schema}.jobs (ticket) where ticket is not null` },
  { text: `create index if not exists jobs_ended on ${schema}.jobs (ended desc, id desc) where ended is not null` },
  { text: `create table if not exists ${schema}.settings (name text primary key, value text not null)` },
  // Somebody wants the job cancelled that another host runs.
  { text: `alter table ${schema}.jobs add column if not exists unwanted boolean not null default false` },
  {
    text: `create table if not exists ${schema}.hosts (
      id text primary key,
      machine text not null,
      about text not null,
      seen timestamptz not null
    )`,
  },
];
