import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphError } from '../../nodes/kit/index.ts';
import { providedBy } from '../engine/models/named-files.ts';
import type { DataFolders } from '../files/paths.ts';
import { writeWhole } from '../files/write-whole.ts';
import { MemoryJobStore, type QueueBounds } from '../jobs/memory-store.ts';
import type { JobStore, Presence } from '../jobs/store.ts';
import { DurableJobStore } from './durable-store.ts';
import { EmbeddedDatabase } from './embedded.ts';
import { openPostgres } from './postgres.ts';

/** Where a queue lives: in the data folder, in memory until the server ends, or in a PostgreSQL server that several hosts share. */
export type QueueKind = 'embedded' | 'memory' | { readonly postgres: string };

/** `--queue` as it is written: `embedded`, `memory` or `postgres://…`. Throws `bad-value`. */
export function parseQueue(text: string): QueueKind {
  if (text === 'embedded' || text === 'memory') return text;
  if (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text)) return { postgres: text };
  throw new GraphError('bad-value', `--queue expects embedded, memory or postgres://user@host/database, got “${text}”.`);
}

/** What a store is opened with. */
export interface StoreOptions {
  readonly kind: QueueKind;
  readonly folders: DataFolders;
  readonly bounds: QueueBounds;
  readonly paused: boolean;
  /** What this host tells the others of a shared queue; its models are those that it can run. */
  readonly presence: () => Presence;
  /** The server that a worker works for, once it is known; a server runs its own jobs. */
  readonly server?: () => string | undefined;
  readonly warn: (message: string) => void;
}

/** Opens the queue of a server, which must hold the lock of its data folder. The embedded one comes up by itself, beside the rest. */
export async function openStore({ kind, folders, bounds, paused, presence, server, warn }: StoreOptions): Promise<JobStore> {
  if (kind === 'memory') return new MemoryJobStore(bounds);
  if (kind === 'embedded') {
    const database = new EmbeddedDatabase({ folder: folders.queue, children: folders.children, warn });
    return new DurableJobStore({ database, worker: 'here', existed: database.existed, bounds, paused });
  }
  const database = await openPostgres(kind.postgres);
  const models = (): readonly string[] => {
    const { models: whole, parts = [] } = presence();
    return [...providedBy(whole, parts)];
  };
  const worker = await hostId(folders);
  return new DurableJobStore({ database, worker, existed: true, bounds, paused, presence, models, server: server ?? (() => worker) });
}

/** Names this data folder among the hosts of a shared queue; the same after a restart. */
async function hostId({ root }: DataFolders): Promise<string> {
  const path = join(root, '.litegraph-diffusion.host');
  const kept = await readFile(path, 'utf8').catch(() => '');
  if (/^[0-9a-f-]{36}$/.test(kept)) return kept;
  const id = randomUUID();
  await writeWhole(path, id);
  return id;
}
