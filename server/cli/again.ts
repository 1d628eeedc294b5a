import { spawn } from 'node:child_process';

const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs this command again in a process with more in its environment, since the loader reads its path only when a process starts, and gives its exit code. Signals are
 * passed on: the process has a group of its own, so that it hears each once.
 */
export function runAgain(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const script = process.argv[1] ?? '';
  const child = spawn(process.execPath, [...process.execArgv, script, ...argv], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
    detached: true,
  });
  const pass = (signal: NodeJS.Signals): boolean => child.kill(signal);
  for (const signal of passedOn) process.on(signal, pass);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      for (const signal of passedOn) process.off(signal, pass);
      resolve(code ?? 1);
    });
  });
}
