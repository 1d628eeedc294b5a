import pc from 'picocolors';
import { thisMachine } from '../cuda/system-libraries.ts';
import type { Check } from '../doctor/check.ts';
import { type Examination, examine } from '../doctor/doctor.ts';
import { type CommonOptions, type DeviceOptions, isDefaultModels } from './options.ts';
import { portOf } from './serve.ts';

/** `litegraph-diffusion doctor`. */
export interface DoctorCommandOptions extends CommonOptions, DeviceOptions {
  readonly port: string;
  readonly json: boolean;
}

const marks = { ok: pc.green('ok     '), note: pc.yellow('note   '), problem: pc.red('problem') } as const;

function lines({ name, state, found, remedy }: Check, width: number): string[] {
  const margin = ' '.repeat(width + 11);
  return [`${marks[state]}  ${name.padEnd(width)}  ${found}`, ...(remedy === undefined ? [] : [`${margin}→ ${remedy}`])];
}

/** Checks as a table, and the operators of each session beneath it. */
function describe({ ok, checks, sessions }: Examination): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const operators = sessions.flatMap(({ device, answer }) => {
    if (answer.type === 'failed') return [];
    const list = answer.counts.map(
      ({ operator, provider, count }) => `${operator} ×${count}${provider === answer.provider ? '' : ` (${provider})`}`,
    );
    return ['', `Operators of one run on ${device}: ${list.join(', ')}`];
  });
  const end = ok ? 'Nothing is wrong.' : 'Something is wrong: mend what is marked, from the top.';
  return [...checks.flatMap((check) => lines(check, width)), ...operators, '', end].join('\n');
}

/** Looks at everything that a run needs and gives the exit code: 0 if nothing is wrong, 1 otherwise. */
export async function doctorCommand(options: DoctorCommandOptions): Promise<number> {
  const examination = await examine({
    machine: thisMachine(),
    platform: process.platform,
    arch: process.arch,
    device: options.device,
    precision: options.precision,
    models: { folder: options.models, isDefault: isDefaultModels(options.models) },
    data: options.data,
    port: portOf(options.port),
  });
  process.stdout.write(`${options.json ? JSON.stringify(examination) : describe(examination)}\n`);
  return examination.ok ? 0 : 1;
}
