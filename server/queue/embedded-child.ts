// The process of the embedded database: it blocks its thread for as long as a query takes. Talks to embedded.ts by IPC; ends when its parent is gone.
import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { registerChild } from '../files/children.ts';
import type { Row, Statement } from './database.ts';
import { imagePath, unpackImage } from './database-image.ts';
import type { FromDatabase, ToDatabase } from './messages.ts';
import { openFolder } from './open-folder.ts';
import { Turns } from './turns.ts';

const send = (message: FromDatabase): void => {
  process.send?.(message);
};

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

const codeOf = (thrown: unknown): string | undefined =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;

/** Makes a database where there is none, beside its place first, so that a half-made one is never opened. True if this process took much memory for it. */
async function make(folder: string): Promise<boolean> {
  const isDraft = (name: string): boolean => name.startsWith(`${basename(folder)}.`) && name.endsWith('.new');
  for (const name of (await readdir(dirname(folder))).filter(isDraft))
    await rm(join(dirname(folder), name), { recursive: true, force: true });
  const draft = `${folder}.${process.pid}.new`;
  const image = await imagePath();
  const built = existsSync(image);
  if (built) await unpackImage(image, draft);
  else await (await openFolder(draft)).close();
  await rename(draft, folder);
  return !built;
}

async function open(folder: string, children: string): Promise<PGlite | undefined> {
  registerChild(children);
  try {
    if (!existsSync(join(folder, 'PG_VERSION')) && (await make(folder))) {
      // Only the end of the process gives the memory back.
      send({ type: 'made' });
      return undefined;
    }
    const database = await openFolder(folder);
    send({ type: 'ready' });
    return database;
  } catch (thrown) {
    send({ type: 'unusable', message: messageOf(thrown) });
    return undefined;
  }
}

async function run(database: PGlite, statements: readonly Statement[]): Promise<readonly (readonly Row[])[]> {
  const [only] = statements;
  if (only !== undefined && statements.length === 1) return [(await database.query<Row>(only.text, [...(only.values ?? [])])).rows];
  return database.transaction(async (transaction) => {
    const results: (readonly Row[])[] = [];
    for (const { text, values = [] } of statements) results.push((await transaction.query<Row>(text, [...values])).rows);
    return results;
  });
}

function serve(): void {
  let opened: Promise<PGlite | undefined> = Promise.resolve(undefined);
  const answer = async ({ id, statements }: Extract<ToDatabase, { type: 'run' }>): Promise<void> => {
    try {
      const database = await opened;
      if (database === undefined) throw new Error('the database is not open');
      send({ type: 'rows', id, rows: await run(database, statements) });
    } catch (thrown) {
      const code = codeOf(thrown);
      send({ type: 'refused', id, message: messageOf(thrown), ...(code === undefined ? {} : { code }) });
    }
  };
  // The database does one thing after the other.
  const turns = new Turns(1);
  const work = async (message: Extract<ToDatabase, { type: 'run' }>): Promise<void> => {
    await answer(message);
    // Lets new messages in.
    await new Promise(setImmediate);
  };
  process.on('message', (message: ToDatabase) => {
    if (message.type === 'open') opened = open(message.folder, message.children);
    else if (message.type === 'run') void turns.take(() => work(message), message.urgency);
    else void opened.then((database) => database?.close()).finally(() => process.exit(0));
  });
  process.on('disconnect', () => process.exit(0));
  // The terminal's Ctrl-C goes to the whole group; the server decides when this process ends.
  process.on('SIGINT', () => undefined);
}

serve();
