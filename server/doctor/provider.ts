import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type DeviceKind, type PrecisionChoice, parseDevice, providers } from '../engine/device-names.ts';
import type { Check } from './check.ts';
import type { Operators } from './operators.ts';

/** What is asked of the process that tries a device. */
export interface ProviderQuestion {
  readonly device: string;
  readonly precision: PrecisionChoice;
}

/** What it answers. */
export type ProviderAnswer =
  | ({ readonly type: 'worked'; readonly provider: string; readonly title?: string } & Operators)
  | { readonly type: 'failed'; readonly reason: string };

const patience = 120_000;

/** Opens a device in a process of its own and profiles one run. A process that crashes or hangs has failed. */
export function tryProvider(question: ProviderQuestion, env: Readonly<Record<string, string | undefined>>): Promise<ProviderAnswer> {
  const child = fork(fileURLToPath(new URL('./provider-child.js', import.meta.url)), [], {
    env: { ...env },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), patience);
  return new Promise<ProviderAnswer>((resolve) => {
    child.once('message', (answer: ProviderAnswer) => resolve(answer));
    child.once('error', (error) => resolve({ type: 'failed', reason: error.message }));
    child.once('exit', (code, signal) =>
      resolve({ type: 'failed', reason: `the process that tried it ended with ${signal ?? `code ${code}`}` }),
    );
    child.send(question, () => undefined);
  }).finally(() => clearTimeout(timer));
}

const summary = ({ counts }: Operators): string => {
  const sums = new Map<string, number>();
  for (const { provider, count } of counts) sums.set(provider, (sums.get(provider) ?? 0) + count);
  return [...sums].map(([provider, count]) => `${count} operators on ${provider}`).join(', ');
};

/** The line of one device. `wanted` is true for one that was asked for: its failure is a problem then. */
export function providerCheck(device: string, { answer, wanted }: { answer: ProviderAnswer; wanted: boolean }): Check {
  const kind: DeviceKind = parseDevice(device)?.kind ?? 'cpu';
  const { title, tested } = providers[kind];
  const name = `session on ${title}`;
  const remark = tested ? '' : ' This project has not tested this provider on real hardware.';
  if (answer.type === 'failed') {
    if (!wanted) return { name, state: 'note', found: `not usable: ${answer.reason}` };
    return { name, state: 'problem', found: answer.reason, remedy: 'Mend what stands above, or use --device cpu.' };
  }
  const ran = `${answer.title === undefined ? '' : `${answer.title}: `}${summary(answer)}`;
  if (answer.fallback.length > 0) {
    return {
      name,
      state: 'problem',
      found: `${ran}. The CPU silently ran ${answer.fallback.join(', ')}, which makes every step slow.`,
      remedy: 'Export the model again with operators that this provider has, or report these names with “doctor --json”.',
    };
  }
  return { name, state: 'ok', found: `${ran}.${remark}` };
}
