import { execFileSync } from 'node:child_process';

/** A second host: a network of its own, joined to this one by a cable, and processes of its own. */
export interface SecondHost extends Disposable {
  /** This machine's address on the cable. */
  readonly here: string;
  /** What a command there begins with. */
  readonly command: readonly string[];
  /** Pulls the cable, or plugs it in again. */
  cable(plugged: boolean): void;
}

const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** Makes one; needs root and Linux. `number` tells several apart, 0 to 250. */
export function secondHost(number: number): SecondHost {
  const name = `lgd-${process.pid}-${number}`;
  const [ours, theirs] = [`lgd${process.pid % 100_000}a${number}`, `lgd${process.pid % 100_000}b${number}`];
  const [here, there] = [`10.213.${number}.1`, `10.213.${number}.2`];
  ip('netns', 'add', name);
  ip('link', 'add', ours, 'type', 'veth', 'peer', 'name', theirs, 'netns', name);
  ip('addr', 'add', `${here}/24`, 'dev', ours);
  ip('link', 'set', ours, 'up');
  ip('-n', name, 'addr', 'add', `${there}/24`, 'dev', theirs);
  ip('-n', name, 'link', 'set', theirs, 'up');
  ip('-n', name, 'link', 'set', 'lo', 'up');
  return {
    here,
    command: ['ip', 'netns', 'exec', name, 'unshare', '--pid', '--fork', '--kill-child', '--mount-proc'],
    cable: (plugged) => ip('-n', name, 'link', 'set', theirs, plugged ? 'up' : 'down'),
    [Symbol.dispose]() {
      ip('netns', 'del', name);
    },
  };
}
