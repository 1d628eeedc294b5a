import { z } from 'zod';
import { isAlive } from '../files/lock.ts';
import type { Beat, Hearing, Presence, SharedQueue, Standing } from '../jobs/store.ts';
import type { Database, Statement } from './database.ts';
import * as hosts from './host-statements.ts';
import { recoverJobs } from './recovery.ts';
import { member, standing, textIn } from './rows.ts';
import { channel } from './schema.ts';
import { readSetting } from './statements.ts';

/** A host that has not been heard of for this long, in ms, is taken for dead. */
export const patience = 10_000;

/** What a host tells the others: which job it changed, or, without an id, that there is news of the host itself. */
const Heard = z.object({ worker: z.string(), id: z.string().optional() });

/** The other hosts on a shared queue. */
export class Company implements SharedQueue {
  readonly me: string;
  readonly #database: Database;
  readonly #presence: () => Presence;
  /** The folders of servers that were ever met. */
  readonly #folders = new Map<string, string>();
  /** What the others know of this host. */
  #told = '';

  constructor(database: Database, me: string, presence: () => Presence) {
    this.me = me;
    this.#database = database;
    this.#presence = presence;
  }

  async listen({ heard, met, missed }: Hearing): Promise<void> {
    const hear = (payload: string): void => {
      const { worker, id } = Heard.parse(JSON.parse(payload));
      if (worker === this.me) return;
      if (id === undefined) met();
      else heard(id);
    };
    await this.#database.listen(channel, hear, missed);
  }

  async standings(ids: readonly string[]): Promise<readonly Standing[]> {
    const [rows = []] = await this.#database.run([hosts.standings(ids)]);
    return rows.map(standing);
  }

  async elsewhere(): Promise<readonly Standing[]> {
    const [rows = []] = await this.#database.run([hosts.unfinishedElsewhere(this.me)]);
    return rows.map(standing);
  }

  async isPaused(): Promise<boolean> {
    const [[row] = []] = await this.#database.run([readSetting('paused')]);
    return textIn(row, 'value') === 'true';
  }

  async stop(id: string): Promise<boolean> {
    const [rows = []] = await this.#database.run([hosts.stopping(id), hosts.telling(JSON.stringify({ worker: this.me, id }))]);
    return rows.length > 0;
  }

  /** The first sign of life, before anything is stored as running here, so that nobody takes this host for dead. */
  async arrive(): Promise<void> {
    const row = this.#row();
    await this.#database.run([hosts.heartbeat(row), this.#news()]);
    this.#told = row.about;
  }

  async beat(): Promise<Beat> {
    const row = this.#row();
    const { machine, about } = row;
    const statements = [
      hosts.heartbeat(row),
      hosts.unwantedOf(this.me),
      hosts.silentWorkers(patience),
      hosts.forgetting(patience),
      hosts.allHosts,
      ...(about === this.#told ? [] : [this.#news()]),
    ];
    const [, unwanted = [], silent = [], , rows = []] = await this.#database.run(statements, 'first');
    this.#told = about;
    // Who runs under the same kernel can be seen to be dead.
    const members = rows.map(member);
    for (const { id, folders } of members) if (folders !== undefined) this.#folders.set(id, folders);
    const dead = members.filter(({ id, process }) => id !== this.me && process.machine === machine && !isAlive(process));
    for (const { id } of dead) await this.#database.run([hosts.farewell(id)]);
    const lost = new Set([...silent.map((row) => String(row.id)), ...dead.map(({ id }) => id)]);
    for (const id of lost) if (id !== this.me) await this.#recover(id);
    return { unwanted: unwanted.map((row) => String(row.id)), members: members.filter((one) => !dead.includes(one)) };
  }

  /** This server, and those whose pictures lie in the same folders, whether they live or not. */
  withSameFolders(server: string): readonly string[] {
    const own = this.#folders.get(server);
    const others = [...this.#folders].filter(([id, folders]) => id !== server && folders === own);
    return [server, ...others.map(([id]) => id)];
  }

  /** Goes in an orderly way. */
  async leave(): Promise<void> {
    await this.#database.run([hosts.farewell(this.me), this.#news()]);
  }

  #row(): hosts.HostRow {
    const presence = this.#presence();
    return { id: this.me, machine: presence.process.machine, about: JSON.stringify(presence) };
  }

  #news(): Statement {
    return hosts.telling(JSON.stringify({ worker: this.me }));
  }

  async #recover(worker: string): Promise<void> {
    const { revived, ended } = await recoverJobs(this.#database, worker);
    // The own host is to hear of it too.
    const tell = (id: string) => hosts.telling(JSON.stringify({ worker, id }));
    const news = [...ended, ...revived];
    if (news.length > 0) await this.#database.run(news.map(tell));
  }
}
