import pg from 'pg';
import { GraphError } from '../../nodes/kit/index.ts';
import type { Database, Row, Statement } from './database.ts';
import { Turns } from './turns.ts';

/** Connections of one process, besides the one that listens. */
const connections = 4;

/**
 * A statement that is not answered for this long, in ms, has failed: the network is cut. The server gives up a transaction of which it hears
 * nothing for as long, so that one that was cut off holds no rows.
 */
const patience = 10_000;

/** What has waited this long, in ms, while all connections were at work is refused. */
const late = 20_000;

const tooLate = (): GraphError =>
  new GraphError('busy', 'The database of --queue has more to do than it can. Try again in a moment, with less at once.');

/** A lost listener is opened again after this, in ms. */
const relisten = 1000;

const unreachable = (cause: unknown): GraphError => {
  const reason = cause instanceof Error ? cause.message || String(cause) : String(cause);
  return new GraphError('busy', `The database of --queue cannot be reached: ${reason}. Start it, or check the address.`, { cause });
};

/** A PostgreSQL server at `postgres://…`. Throws `busy` where it cannot be reached. */
export async function openPostgres(url: string): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    query_timeout: patience,
    idle_in_transaction_session_timeout: patience,
  });
  // A connection that is lost while idle is replaced by the pool; whoever uses one hears of it there.
  pool.on('error', () => undefined);
  const listeners: Listener[] = [];
  // The pool's own waiting line knows no urgency, and counts waiting as trouble with the network.
  const turns = new Turns(connections);
  await pool.query('select 1').catch(async (thrown: unknown) => {
    await pool.end();
    throw unreachable(thrown);
  });
  return {
    shared: true,
    run: (statements, urgency = 'soon') =>
      turns.take(() => untilUndisturbed(() => transaction(pool, statements)), urgency, { late, tooLate }),
    async listen(channel, heard, missed) {
      const listener = new Listener(url, channel, { heard, missed });
      listeners.push(listener);
      await listener.open();
    },
    async close() {
      await Promise.all(listeners.map((listener) => listener.close()));
      await pool.end();
    },
  };
}

/** What the server says when it stops, starts, is full or was kept waiting: nothing is wrong with what it was asked. */
const absences = /^(08|53|57P|25P03)/;

/** An error of the driver, in words: all but what the database says against the statement itself comes from its absence. */
function inWords(thrown: unknown): unknown {
  const absent = thrown instanceof pg.DatabaseError ? absences.test(thrown.code ?? '') : !(thrown instanceof GraphError);
  return absent ? unreachable(thrown) : thrown;
}

/** Two hosts in each other's way: the database has undone the work of one, which may simply do it again. */
const disturbances = new Set(['40P01', '40001']);

/** Does work again that another host disturbed; not without end, should it be no chance. */
async function untilUndisturbed<T>(work: () => Promise<T>): Promise<T> {
  for (let more = 20; ; more--) {
    try {
      return await work();
    } catch (thrown) {
      if (more === 0 || !(thrown instanceof pg.DatabaseError) || !disturbances.has(thrown.code ?? '')) throw thrown;
    }
  }
}

async function transaction(pool: pg.Pool, statements: readonly Statement[]): Promise<readonly (readonly Row[])[]> {
  const client = await pool.connect().catch((thrown: unknown) => {
    throw unreachable(thrown);
  });
  const ask = async ({ text, values = [] }: Statement): Promise<readonly Row[]> => (await client.query<Row>(text, [...values])).rows;
  // One that is lost says so to whoever asks next, and also by itself, which nobody needs to hear.
  const unheard = (): void => undefined;
  client.on('error', unheard);
  let broken = false;
  try {
    const [only] = statements;
    if (only !== undefined && statements.length === 1) return [await ask(only)];
    await client.query('begin');
    const results: (readonly Row[])[] = [];
    for (const statement of statements) results.push(await ask(statement));
    await client.query('commit');
    return results;
  } catch (thrown) {
    // What the database itself refused leaves the connection whole.
    const refused =
      thrown instanceof pg.DatabaseError &&
      (await client.query('rollback').then(
        () => true,
        () => false,
      ));
    broken = !refused;
    throw inWords(thrown);
  } finally {
    client.off('error', unheard);
    client.release(broken);
  }
}

interface Hearing {
  readonly heard: (payload: string) => void;
  readonly missed: () => void;
}

/** One connection that does nothing but listen, opened again whenever it is lost. */
class Listener {
  readonly #url: string;
  readonly #channel: string;
  readonly #hearing: Hearing;
  #client: pg.Client | undefined;
  #again: NodeJS.Timeout | undefined;
  #lost = false;
  #closed = false;

  constructor(url: string, channel: string, hearing: Hearing) {
    this.#url = url;
    this.#channel = channel;
    this.#hearing = hearing;
  }

  async open(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url, keepAlive: true, connectionTimeoutMillis: 5000, query_timeout: patience });
    this.#client = client;
    client.on('notification', ({ payload = '' }) => this.#hearing.heard(payload));
    client.on('error', () => this.#lose(client));
    client.on('end', () => this.#lose(client));
    try {
      await client.connect();
      await client.query(`listen ${client.escapeIdentifier(this.#channel)}`);
      if (this.#lost) this.#hearing.missed();
      this.#lost = false;
    } catch {
      this.#lose(client);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#again);
    await this.#client?.end().catch(() => undefined);
  }

  #lose(client: pg.Client): void {
    if (this.#closed || this.#client !== client) return;
    this.#client = undefined;
    this.#lost = true;
    client.end().catch(() => undefined);
    this.#again = setTimeout(() => void this.open(), relisten);
  }
}
