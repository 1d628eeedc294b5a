import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Driver, findDriver } from './gpus.ts';
import { cudaHome, findInstallation, type Installation } from './home.ts';
import { type PinnedSet, providerLibrary } from './packages.ts';
import { findLibrary, type Machine } from './system-libraries.ts';

/** One thing that CUDA needs, as it was found; a problem comes with what mends it. */
export interface Finding {
  readonly what: 'driver' | 'gpu' | 'provider' | 'libraries';
  readonly state: 'ok' | 'problem';
  readonly found: string;
  readonly remedy?: string;
}

/** What stands between this machine and CUDA. */
export interface Diagnosis {
  readonly driver: Driver;
  /** In the order in which they should be mended. */
  readonly findings: readonly Finding[];
}

/** The command that mends what the package can mend itself. */
export const installCommand = 'npx litegraph-diffusion install-cuda';

/** The oldest GPUs that the provider has kernels for: Turing. */
const oldestCapability = 7.5;

const ok = (what: Finding['what'], found: string): Finding => ({ what, state: 'ok', found });
const problem = (what: Finding['what'], found: string, remedy: string): Finding => ({ what, state: 'problem', found, remedy });

function driverFinding({ version, library, card }: Driver, { driver: oldest }: PinnedSet): Finding {
  const install = `Install NVIDIA's driver ${oldest} or newer and restart (Ubuntu: sudo ubuntu-drivers install). In a container, start it with --gpus all.`;
  if (version === undefined && library === undefined) {
    if (!card)
      return problem('driver', 'No NVIDIA driver was found, nor an NVIDIA GPU.', `${install} Without an NVIDIA GPU use --device cpu.`);
    return problem('driver', 'There is an NVIDIA GPU, but no driver for it.', install);
  }
  if (version !== undefined && Number.parseInt(version, 10) < oldest) {
    return problem('driver', `The NVIDIA driver is ${version}, and CUDA 13 needs ${oldest} or newer.`, install);
  }
  if (library === undefined) {
    const remedy =
      'In a container, install the NVIDIA Container Toolkit on the host and start with --gpus all. Elsewhere, install the driver again.';
    return problem('driver', `The NVIDIA driver ${version} is loaded, but its library libcuda.so.1 is not there.`, remedy);
  }
  return ok('driver', `NVIDIA driver ${version ?? 'of unknown version'}, libcuda.so.1 in ${library}`);
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

function gpuFinding({ gpus, version, library }: Driver): Finding | undefined {
  if (gpus === undefined || (version === undefined && library === undefined)) return undefined;
  if (gpus.length === 0) {
    return problem('gpu', 'The driver shows no GPU.', 'Run nvidia-smi: it says why. In a container, start it with --gpus all.');
  }
  const list = gpus
    .map(({ index, name, total, free }) => `cuda:${index} ${name}, ${gigabytes(free)} of ${gigabytes(total)} free`)
    .join('; ');
  const old = gpus.filter(({ capability }) => Number(capability) < oldestCapability);
  if (old.length === gpus.length) {
    return problem('gpu', `${list}. This is older than Turing (compute capability 7.5), which CUDA 13 needs.`, 'Use --device cpu.');
  }
  return ok('gpu', list);
}

const versions = (names: readonly string[]): string[] => names.filter((name) => /^\d+\.\d+\.\d+$/.test(name));

async function providerFinding(machine: Machine, set: PinnedSet, installation: Installation | undefined): Promise<Finding> {
  if (installation !== undefined) {
    if (installation.damaged.length === 0) return ok('provider', `CUDA provider ${set.onnxruntime} in ${installation.folder}`);
    return problem(
      'provider',
      `Files of ${installation.folder} are missing or cut short: ${installation.damaged.join(', ')}.`,
      `Run: ${installCommand}`,
    );
  }
  const beside = await stat(join(machine.runtime, providerLibrary)).catch(() => undefined);
  if (beside !== undefined) return ok('provider', `CUDA provider in ${machine.runtime}`);
  const home = cudaHome(machine.env);
  const others = versions(await readdir(home).catch((): string[] => []));
  const found =
    others.length > 0
      ? `${home} holds CUDA for ONNX Runtime ${others.join(', ')}, and this version needs it for ${set.onnxruntime}.`
      : 'The CUDA provider is not installed.';
  return problem('provider', found, `Run: ${installCommand}`);
}

async function librariesFinding(machine: Machine, set: PinnedSet, installation: Installation | undefined): Promise<Finding> {
  const own = new Set(Object.keys(installation?.receipt.libraries ?? {}));
  const wanted = set.packages.filter(({ replaceable }) => replaceable).flatMap(({ libraries }) => libraries.map(({ name }) => name));
  const env = { ...machine.env, LD_LIBRARY_PATH: [...(installation?.receipt.system ?? []), machine.env.LD_LIBRARY_PATH ?? ''].join(':') };
  const missing: string[] = [];
  for (const name of wanted) if (!own.has(name) && (await findLibrary(name, { ...machine, env })) === undefined) missing.push(name);
  if (missing.length === 0) return ok('libraries', 'CUDA 13 and cuDNN 9');
  return problem('libraries', `Libraries are missing: ${missing.join(', ')}.`, `Run: ${installCommand}`);
}

/** Looks at all that CUDA needs without loading any of it. */
export async function diagnoseCuda(machine: Machine, set: PinnedSet): Promise<Diagnosis> {
  const [driver, installation] = await Promise.all([findDriver(machine), findInstallation(machine.env, set)]);
  const findings = [
    driverFinding(driver, set),
    gpuFinding(driver),
    await providerFinding(machine, set, installation),
    await librariesFinding(machine, set, installation),
  ];
  return { driver, findings: findings.flatMap((finding) => finding ?? []) };
}
