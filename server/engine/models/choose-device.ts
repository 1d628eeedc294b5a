import { GraphError } from '../../../nodes/kit/index.ts';
import { type Diagnosis, diagnoseCuda, installCommand } from '../../cuda/diagnose.ts';
import { cudaFault } from '../../cuda/faults.ts';
import { visibleGpu } from '../../cuda/gpus.ts';
import { pinnedSet } from '../../cuda/packages.ts';
import type { Machine } from '../../cuda/system-libraries.ts';
import { checkDeviceName, type DeviceKind, type NamedDevice, parseDevice, providers } from '../device-names.ts';

/** Where networks run. */
export interface Device {
  /** `cpu`, `cuda:0`, … */
  readonly name: string;
  readonly kind: DeviceKind;
  /** The number of the GPU; 0 for all else. */
  readonly id: number;
  /** ONNX Runtime's own name. */
  readonly provider: string;
  /** The GPU's name as its driver says it. */
  readonly title?: string;
  /** Free memory of the GPU when it was chosen, in bytes. */
  readonly memory?: number;
  /** Why it is not what one might have hoped for. */
  readonly message?: string;
}

/** What choosing needs of ONNX Runtime and the machine. */
export interface Choosing {
  readonly machine: Machine;
  /** The backends that this build of ONNX Runtime knows. */
  readonly backends: () => Promise<readonly string[]>;
  /** Opens the smallest session on a device and closes it; throws what ONNX Runtime throws. */
  readonly probe: (device: NamedDevice) => Promise<void>;
}

const untested = 'This project has not tested this provider: compare pictures with --device cpu before you trust it.';
const cpu: Device = { name: 'cpu', kind: 'cpu', id: 0, provider: providers.cpu.provider };
const reasonOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
const firstLine = (text: string): string => (text.split('\n')[0] ?? '').slice(0, 300);

/** Why CUDA does not work, in sentences that end with what mends it. */
function whyNotCuda({ findings }: Diagnosis, message: string): string {
  // The driver comes first, and one installation mends the provider and the libraries together.
  const wrong = findings.filter(({ state }) => state === 'problem');
  const first = [
    wrong.find(({ what }) => what === 'driver' || what === 'gpu'),
    wrong.find(({ what }) => what === 'provider' || what === 'libraries'),
  ];
  const told = first.flatMap((finding) => finding ?? []);
  if (told.length > 0)
    return told.map(({ found, remedy }) => (remedy === undefined ? found : `${found} ${remedy.replace(/[^.]$/, '$&.')}`)).join(' ');
  const fault = cudaFault(message);
  return fault === undefined ? firstLine(message) : `${fault.found} ${fault.remedy}`;
}

async function chooseCuda(id: number, { machine, probe }: Choosing): Promise<Device | { readonly why: string; readonly cause: unknown }> {
  const failure = await probe({ kind: 'cuda', id }).then(
    () => undefined,
    (thrown: unknown) => ({ thrown }),
  );
  const diagnosis = await diagnoseCuda(machine, pinnedSet);
  if (failure !== undefined) return { why: whyNotCuda(diagnosis, reasonOf(failure.thrown)), cause: failure.thrown };
  const gpu = visibleGpu(id, diagnosis.driver.gpus, machine.env);
  return {
    name: `cuda:${id}`,
    kind: 'cuda',
    id,
    provider: providers.cuda.provider,
    ...(gpu === undefined ? {} : { title: gpu.name, memory: gpu.free }),
  };
}

/** Is there reason to try CUDA when nobody asked for it: a provider, or a GPU that waits for one? */
async function chooseAutomatically(choosing: Choosing): Promise<Device> {
  const { driver, findings } = await diagnoseCuda(choosing.machine, pinnedSet);
  const provider = findings.find(({ what }) => what === 'provider')?.state === 'ok';
  if (!provider) {
    const [gpu] = driver.gpus ?? [];
    if (gpu === undefined) return cpu;
    return { ...cpu, message: `The GPU ${gpu.name} is not used: the CUDA provider is not installed. Run: ${installCommand}` };
  }
  const found = await chooseCuda(0, choosing);
  if ('why' in found) return { ...cpu, message: `CUDA is installed but does not work, so the CPU is used. ${found.why}` };
  return found;
}

async function chooseOther(kind: 'webgpu' | 'directml' | 'coreml', { backends, probe }: Choosing): Promise<Device> {
  const { backend, provider, title, platform } = providers[kind];
  if (!(await backends()).includes(backend)) {
    throw new GraphError(
      'device-unavailable',
      `${title} is not part of ONNX Runtime here: it exists on ${platform}. Use --device cpu or auto.`,
    );
  }
  try {
    await probe({ kind, id: 0 });
  } catch (thrown) {
    const why = firstLine(reasonOf(thrown).replace(/^\S+\.cc:\d+ .*? (?=Failed|failed)/, ''));
    throw new GraphError(
      'device-unavailable',
      `${title} cannot be used: ${why}. It needs ${platform}. Use --device cpu or auto; “litegraph-diffusion doctor” shows what works.`,
      { cause: thrown },
    );
  }
  return { name: kind, kind, id: 0, provider, message: untested };
}

/**
 * Chooses the device: `auto` takes CUDA where its provider is installed and works, and the CPU otherwise. A device that was asked for by name and does not work is
 * `device-unavailable` with what mends it, never a silent run on the CPU.
 */
export async function chooseDevice(wanted: string, choosing: Choosing): Promise<Device> {
  const named = parseDevice(checkDeviceName(wanted));
  if (named === undefined) return chooseAutomatically(choosing);
  if (named.kind === 'cpu') return cpu;
  if (named.kind !== 'cuda') return chooseOther(named.kind, choosing);
  const found = await chooseCuda(named.id, choosing);
  if (!('why' in found)) return found;
  throw new GraphError(
    'device-unavailable',
    `The device ${wanted} cannot be used. ${found.why} “npx litegraph-diffusion doctor --device ${wanted}” checks every step; --device cpu runs without a GPU.`,
    { cause: found.cause },
  );
}
