import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GraphError, zeros } from '../../../nodes/kit/index.ts';
import { type Machine, thisMachine } from '../../cuda/system-libraries.ts';
import type { NamedDevice, PrecisionChoice } from '../device-names.ts';
import { chooseDevice, type Device } from './choose-device.ts';
import { convertPrecision, type Precision } from './graph-precision.ts';
import { withoutRandomness } from './graph-randomness.ts';
import type { BackendSession, InferenceBackend, OpenOptions, Session } from './inference-backend.ts';
import { outlineNetwork } from './network-outline.ts';
import { runtimeError } from './onnx-errors.ts';
import { onnxruntimeNode } from './onnxruntime-node.ts';
import { probeModel } from './probe.ts';

/** A backend on one device. */
export interface Runtime {
  readonly device: Device;
  /** How networks are to compute inside; undefined leaves each as its file says. */
  readonly precision: Precision | undefined;
  /** Loads a network, computing inside as `precision` says where that is given. Throws `bad-model`, `out-of-memory` or `device-unavailable`. */
  open(file: string, precision?: Precision): Promise<Session>;
}

/** A runtime that can also be looked into. */
export interface ProfiledRuntime extends Runtime {
  readonly backend: InferenceBackend;
  /** Runs a network once with zeros and `sides` for its symbolic dimensions, and gives ONNX Runtime's profile as JSON text. */
  profile(file: string, options: ProfileOptions): Promise<string>;
}

/** How a network is profiled. */
export interface ProfileOptions {
  /** Where the profile is written, without its ending. */
  readonly prefix: string;
  readonly sides: Readonly<Record<string, number>>;
}

/** Does a network draw random numbers? One that cannot be read says so when it is opened. */
function isRandom(file: string): boolean {
  try {
    return outlineNetwork(file).random;
  } catch {
    return false;
  }
}

/** A network's path, or its graph where that has to be changed: what draws random numbers, and what is to compute in a precision. Weights are found beside the file. */
async function source(
  file: string,
  precision: Precision | undefined,
): Promise<{ network: string | Uint8Array; extra: Pick<OpenOptions, 'weightsFolder'> }> {
  const random = isRandom(file);
  if (precision === undefined && !random) return { network: file, extra: {} };
  const stored = await readFile(file);
  const calm = random ? withoutRandomness(stored) : stored;
  const changed = precision === undefined ? calm : (convertPrecision(calm, precision) ?? calm);
  return changed === stored ? { network: file, extra: {} } : { network: changed, extra: { weightsFolder: dirname(file) } };
}

/** How the runtime is opened; backend and machine are others in tests and measurements. */
export interface RuntimeOptions {
  readonly precision?: PrecisionChoice;
  readonly machine?: Machine;
  readonly backend?: InferenceBackend;
}

/** A session whose errors are this project's. */
const translated = (session: BackendSession): Session => ({
  inputs: session.inputs,
  outputs: session.outputs,
  run: (feeds) =>
    session.run(feeds).catch((thrown: unknown) => {
      throw runtimeError(thrown, {});
    }),
  release: () => session.release(),
});

/** Opens a backend, ONNX Runtime's own binding unless another is given, on a device, chosen as {@link chooseDevice} says. */
export async function openRuntime(
  wanted: string,
  { precision: choice = 'auto', machine = thisMachine(), backend = onnxruntimeNode(choice) }: RuntimeOptions = {},
): Promise<ProfiledRuntime> {
  const probe = async (device: NamedDevice): Promise<void> => {
    const session = await backend.open(probeModel(), { device, strict: true });
    await session.release();
  };
  const device = await chooseDevice(wanted, { machine, probe, backends: backend.providers });
  if (choice === 'int8' && device.kind !== 'cpu')
    throw new GraphError(
      'device-unavailable',
      `--precision int8 is for the CPU, and the device is ${device.kind}: choose fp16 there, or --device cpu.`,
    );
  const open = async (file: string, precision: Precision | undefined, options: Pick<OpenOptions, 'profile'>): Promise<BackendSession> => {
    try {
      const { network, extra } = await source(file, precision);
      return await backend.open(network, { device, ...extra, ...options });
    } catch (thrown) {
      throw runtimeError(thrown, { file });
    }
  };
  const precision = choice === 'auto' ? (device.kind === 'cuda' ? 'fp16' : undefined) : choice;
  return {
    backend,
    device,
    precision,
    open: async (file, inside) => translated(await open(file, inside, {})),
    async profile(file, { prefix, sides }) {
      const raw = await open(file, precision, { profile: prefix });
      try {
        await translated(raw).run(
          Object.fromEntries(raw.inputs.map(({ name, shape }) => [name, zeros(shape.map((side) => sideOf(side, sides)))])),
        );
        return await profileOf(raw, prefix);
      } finally {
        await raw.release();
      }
    },
  };
}

const sideOf = (side: number | string, sides: Readonly<Record<string, number>>): number =>
  typeof side === 'number' ? side : (sides[side] ?? 1);

/** Ends profiling and takes the file that the runtime wrote. */
async function profileOf(session: BackendSession, prefix: string): Promise<string> {
  session.endProfiling();
  const folder = dirname(prefix);
  const written = (await readdir(folder)).find((name) => name.startsWith(`${basename(prefix)}_`) && name.endsWith('.json'));
  if (written === undefined) throw new GraphError('internal', `ONNX Runtime wrote no profile into ${folder}.`);
  return readFile(join(folder, written), 'utf8');
}
