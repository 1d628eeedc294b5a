// Builds what is missing or older than its sources: server side by tsc, page and plugin by vite, and the queue's new database by itself.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const serverSources = ['nodes', 'workflows', 'server', 'tsconfig.json', 'package.json'];
// What a new database of the queue consists of: PGlite, its settings and the tables.
const databaseSources = [
  ...['schema.ts', 'open-folder.ts', 'database-image.ts', 'build-image.ts'].map((name) => `server/queue/${name}`),
  'package.json',
];
const clientSources = ['nodes/kit', 'workflows', 'client', 'vite.config.ts', 'package.json'];

/** Newest change below a path in ms, code files only; folders count too, so that a deletion is seen. */
function newest(path) {
  const full = join(root, path);
  if (!existsSync(full)) return 0;
  const { mtimeMs } = statSync(full);
  if (!statSync(full).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(full).map((name) => newest(join(path, name))));
}

function run(...args) {
  const result = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    // A test that builds must not leave a page for developers behind.
    env: { ...process.env, NODE_ENV: 'production' },
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

const tool = (path, ...args) => run(join(root, 'node_modules', path), ...args);

function step(name, sources, build) {
  const stamp = join(root, 'dist', `.${name}`);
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= Math.max(...sources.map(newest))) return;
  const started = Date.now();
  process.stderr.write(`Building ${name} …\n`);
  build();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, '');
  // The stamp must not be older than a source that changed while building.
  if (newest(relative(root, stamp)) < started) throw new Error('The clock went backwards while building.');
}

export function ensureBuilt() {
  step('server', serverSources, () => {
    for (const folder of ['nodes', 'workflows', 'server']) rmSync(join(root, 'dist', folder), { recursive: true, force: true });
    tool('typescript/bin/tsc', '-p', '.');
  });
  step('database', databaseSources, () => run(join(root, 'dist/server/queue/build-image.js')));
  step('client', clientSources, () => {
    rmSync(join(root, 'dist', 'client'), { recursive: true, force: true });
    tool('vite/bin/vite.js', 'build', '--logLevel', 'warn');
    tool('vite/bin/vite.js', 'build', '--logLevel', 'warn', '--mode', 'plugin');
    // Declarations of the plugin and of what it speaks of; those of nodes/kit and workflows are the same as the server side's.
    tool('typescript/bin/tsc', '-p', 'client/plugin');
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureBuilt();
