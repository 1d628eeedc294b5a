import { readdirSync, readFileSync } from 'node:fs';

/** Processes that a process started, by Linux' own account. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return (
          readFileSync(`/proc/${name}/stat`, 'latin1')
            .replace(/^.*\)\s*/s, '')
            .split(' ')[1] === String(pid)
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Has a process not ended yet? One that only waits to be noticed as ended has. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** How a process was started. */
export const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'latin1');
