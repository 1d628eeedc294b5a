import pc from 'picocolors';
import type { LiveEvent } from '../engine/run-node.ts';

const width = 24;

const seconds = (ms: number): string => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`);

/** Shows where a run is. */
export interface Progress {
  hear(event: LiveEvent): void;
  end(): void;
}

/** One line that is written over, for a terminal. `titles` are by node id. */
export function terminalProgress(stream: NodeJS.WriteStream, titles: ReadonlyMap<string, string>): Progress {
  const write = (text: string): void => {
    stream.write(`\r\x1b[2K${text}`);
  };
  return {
    hear(event) {
      if (event.type === 'started') write(pc.dim(titles.get(event.node) ?? event.node));
      if (event.type !== 'step') return;
      const done = Math.round((width * event.index) / event.total);
      const bar = `${'█'.repeat(done)}${pc.dim('░'.repeat(width - done))}`;
      const left = event.left === undefined ? '' : pc.dim(`${seconds(event.left)} left`);
      write(`${titles.get(event.node) ?? event.node}  ${bar} ${event.index}/${event.total}  ${left}`);
    },
    end: () => write(''),
  };
}

/** Shows nothing: for pipes, `--json` and `--quiet`. */
export const silentProgress: Progress = { hear: () => undefined, end: () => undefined };
