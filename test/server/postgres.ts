import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const home = '/usr/lib/postgresql';

/** The folder of PostgreSQL's programs; Debian keeps one a version. */
function programs(): string {
  const versions = existsSync(home) ? readdirSync(home) : [];
  const folder = versions.map((version) => join(home, version, 'bin')).find((bin) => existsSync(join(bin, 'postgres')));
  if (folder === undefined) throw new Error('The tests of several hosts need PostgreSQL: apt-get install postgresql');
  return folder;
}

/** PostgreSQL refuses to run as root; then it runs as the user that Debian made for it. */
function user(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A PostgreSQL server of its own, on a free port, with an empty database; use `await using`. */
export interface Postgres extends AsyncDisposable {
  readonly url: string;
  /** Ends it at once, with all connections, and starts it again. */
  restart(): Promise<void>;
}

/** Starts one; `listen` is the address that it may be reached at. */
export async function startPostgres(listen = '127.0.0.1'): Promise<Postgres> {
  const bin = programs();
  const owner = user();
  const folder = mkdtempSync(join(tmpdir(), 'litegraph-diffusion-postgres-'));
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  const options = { ...owner, cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C' } };
  execFileSync(join(bin, 'initdb'), ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '--no-sync'], {
    ...options,
    stdio: 'ignore',
  });
  // Trusts this machine only, unless told otherwise.
  if (listen !== '127.0.0.1') appendFileSync(join(folder, 'data', 'pg_hba.conf'), 'host all all 0.0.0.0/0 trust\n');
  const port = await freePort();
  const settings = ['-p', String(port), '-k', folder, '-h', listen, '-c', 'fsync=off', '-c', 'max_connections=40'];
  const start = async (): Promise<ChildProcess> => {
    const started = spawn(join(bin, 'postgres'), ['-D', join(folder, 'data'), ...settings], {
      ...options,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await ready(started);
    return started;
  };
  let server = await start();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const gone = new Promise((closed) => server.once('close', closed));
    server.kill(signal);
    await gone;
  };
  return {
    url: `postgres://postgres@${listen}:${port}/postgres`,
    async restart() {
      await end('SIGQUIT');
      server = await start();
    },
    async [Symbol.asyncDispose]() {
      await end('SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    server.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('ready to accept connections')) resolve();
    });
    server.once('close', () => reject(new Error(`PostgreSQL did not start: ${said}`)));
  });
}
