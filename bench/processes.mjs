// Child processes of the benchmark: our server, the echo baseline, the raw session, a ComfyUI checkout.
import { fork, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';

export const root = join(import.meta.dirname, '..');

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Our server as a user starts it. Resolves with its URL and how to stop it. */
export async function startServer(data, ...more) {
  const child = spawn(
    process.execPath,
    [join(root, 'bin/litegraph-diffusion.mjs'), 'serve', '--port', '0', '--data', data, '--device', 'cpu', ...more],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  const url = await new Promise((resolve, reject) => {
    const look = (chunk) => {
      output += chunk;
      const found = /https?:\/\/127\.0\.0\.1:\d+/.exec(output);
      if (found) resolve(found[0]);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('exit', (code) => reject(new Error(`The server ended with code ${code}:\n${output}`)));
  });
  return { url, pid: child.pid, stop: () => stopChild(child) };
}

/** A forked script of this folder that answers each message with one message. */
export function startScript(name, ...args) {
  const child = fork(join(import.meta.dirname, name), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ask = (message) =>
    new Promise((resolve, reject) => {
      const lost = (code) => reject(new Error(`${name} ended with code ${code}`));
      child.once('exit', lost);
      child.once('message', (answer) => {
        child.off('exit', lost);
        resolve(answer);
      });
      child.send(message);
    });
  return { ask, stop: () => stopChild(child) };
}

/** The Python of a checkout: of a virtual environment in it, or `$PYTHON`, or python3. */
function pythonOf(path) {
  const own = ['venv', '.venv'].map((name) => join(path, name, 'bin/python')).find((file) => existsSync(file));
  return own ?? process.env.PYTHON ?? 'python3';
}

/** ComfyUI on the CPU from a checkout. */
export async function startComfy(path, port) {
  const child = spawn(
    pythonOf(resolve(path)),
    ['main.py', '--cpu', '--port', String(port), '--preview-method', 'none', '--disable-all-custom-nodes'],
    {
      cwd: path,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let output = '';
  child.once('error', () => undefined);
  child.stderr.on('data', (chunk) => {
    output = (output + chunk).slice(-4000);
  });
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.pid === undefined) throw new Error(`ComfyUI could not be started with ${pythonOf(path)} in ${path}.`);
    if (child.exitCode !== null) throw new Error(`ComfyUI ended with code ${child.exitCode}:\n${output}`);
    const up = await fetch(`${url}/system_stats`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (up) return { url, pid: child.pid, stop: () => stopChild(child) };
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function stopChild(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

/** Resident memory of a process and all below it whose command line fits, in MB (Linux). */
export function residentMegabytes(pid, fits = () => true) {
  const parents = new Map();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // The process ended while we looked.
    }
  }
  const family = [...parents.keys()].filter((id) => {
    for (let at = id; at > 1; at = parents.get(at) ?? 0) if (at === pid) return true;
    return false;
  });
  const wanted = family.filter((id) => fits(readFileSync(`/proc/${id}/cmdline`, 'utf8')));
  const kilobytes = wanted.map((id) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0));
  return kilobytes.reduce((sum, value) => sum + value, 0) / 1024;
}
