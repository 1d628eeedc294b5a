import { diagnoseCuda } from '../cuda/diagnose.ts';
import { cudaEnvironment } from '../cuda/home.ts';
import { type PinnedSet, pinnedSet } from '../cuda/packages.ts';
import type { Machine } from '../cuda/system-libraries.ts';
import { type DeviceKind, type PrecisionChoice, parseDevice } from '../engine/device-names.ts';
import { packageRoot } from '../files/package-root.ts';
import type { Check } from './check.ts';
import { checkData, checkModels, checkPort } from './places.ts';
import { type ProviderAnswer, providerCheck, tryProvider } from './provider.ts';
import { checkNode, checkPackage } from './software.ts';

/** What is looked at. */
export interface DoctorOptions {
  readonly machine: Machine;
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** `auto`, or a device that has to work. */
  readonly device: string;
  readonly precision: PrecisionChoice;
  readonly models: { readonly folder: string; readonly isDefault: boolean };
  readonly data: string;
  readonly port: number;
  readonly set?: PinnedSet;
}

/** Everything that was found. */
export interface Examination {
  /** True if nothing keeps the wanted device from working. */
  readonly ok: boolean;
  readonly checks: readonly Check[];
  /** Operators by provider of each device that was tried. */
  readonly sessions: readonly { readonly device: string; readonly answer: ProviderAnswer }[];
}

/** Devices that may exist on a platform. */
function candidates({ platform, arch, device }: DoctorOptions): readonly string[] {
  const named = parseDevice(device);
  const cuda = named?.kind === 'cuda' ? device : 'cuda:0';
  const byPlatform: Partial<Record<NodeJS.Platform, readonly string[]>> = {
    linux: arch === 'x64' ? [cuda, 'webgpu'] : [],
    win32: ['directml', 'webgpu'],
    darwin: ['coreml', 'webgpu'],
  };
  return [...new Set(['cpu', ...(byPlatform[platform] ?? []), ...(named === undefined ? [] : [device])])];
}

const cudaNames = { driver: 'NVIDIA driver', gpu: 'GPU', provider: 'CUDA provider', libraries: 'CUDA libraries' } as const;

/** What CUDA needs; without a GPU and without the wish for one it is only noted that it is not there. */
async function cudaChecks({ machine, device, set = pinnedSet }: DoctorOptions): Promise<readonly Check[]> {
  const { driver, findings } = await diagnoseCuda(machine, set);
  const wanted = parseDevice(device)?.kind === 'cuda' || (device === 'auto' && driver.card);
  if (!wanted && !driver.card && findings.some(({ what, state }) => what === 'driver' && state === 'problem')) {
    return [{ name: cudaNames.driver, state: 'note', found: 'No NVIDIA driver and no NVIDIA GPU: networks run on the CPU.' }];
  }
  return findings.map(({ what, state, found, remedy }): Check => {
    const kept = state === 'problem' && !wanted ? 'note' : state;
    return { name: cudaNames[what], state: kept, found, ...(remedy === undefined ? {} : { remedy }) };
  });
}

/** The environment of the process that tries a device. */
async function environmentFor(kind: DeviceKind, { machine, set = pinnedSet }: DoctorOptions): Promise<Machine['env']> {
  if (kind !== 'cuda') return machine.env;
  return { ...machine.env, ...(await cudaEnvironment(machine.env, set)) };
}

async function sessionOn(device: string, options: DoctorOptions): Promise<ProviderAnswer> {
  return tryProvider({ device, precision: options.precision }, await environmentFor(parseDevice(device)?.kind ?? 'cpu', options));
}

/** Looks at everything, changes nothing, and throws nothing that a user could mend. */
export async function examine(options: DoctorOptions): Promise<Examination> {
  const { machine, device, models, data, port } = options;
  const root = packageRoot();
  const software = await Promise.all([checkNode(root, process.versions.node), checkPackage(root, machine, options.set)]);
  const cuda = options.platform === 'linux' && options.arch === 'x64' ? await cudaChecks(options) : [];
  const usable = cuda.every(({ state }) => state === 'ok');
  const sessions: { device: string; answer: ProviderAnswer }[] = [];
  // One after the other: two would take the memory from each other.
  for (const one of candidates(options)) {
    if (parseDevice(one)?.kind === 'cuda' && !usable) continue;
    sessions.push({ device: one, answer: await sessionOn(one, options) });
  }
  const wanted = (one: string): boolean => one === 'cpu' || one === device || (device === 'auto' && parseDevice(one)?.kind === 'cuda');
  const checks = [
    ...software,
    ...cuda,
    ...sessions.map(({ device: one, answer }) => providerCheck(one, { answer, wanted: wanted(one) })),
    await checkModels(models.folder, models.isDefault),
    await checkData(data),
    ...(await checkPort(port)),
  ];
  return { ok: checks.every(({ state }) => state !== 'problem'), checks, sessions };
}
