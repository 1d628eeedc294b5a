import { spawn } from 'node:child_process';
import { constants } from 'node:os';

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
    child.once('exit', (code, signal) => {
      for (const signal of passedOn) process.off(signal, pass);
      // As a shell counts it: 130 for Ctrl-C that came before it was listened to.
      resolve(code ?? (signal === null ? 1 : 128 + constants.signals[signal]));
    });
  });
}
