import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { GraphError, type Tensor, zeros } from '../../../nodes/kit/index.ts';
import { type Machine, thisMachine } from '../../cuda/system-libraries.ts';
import { type NamedDevice, type PrecisionChoice, providers } from '../device-names.ts';
import { chooseDevice, type Device } from './choose-device.ts';
import { convertPrecision, type Precision } from './graph-precision.ts';
import { withoutRandomness } from './graph-randomness.ts';
import { fromHalves, toHalves } from './half.ts';
import { outlineNetwork } from './network-outline.ts';
import { runtimeError } from './onnx-errors.ts';
import { probeModel } from './probe.ts';

type Ort = typeof import('onnxruntime-node');

/** Name, element type and shape of an input or output; symbolic sides are strings. */
export interface SlotInfo {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** A loaded network. Feeds are float32 and are converted to what the network declares; so are outputs back. */
export interface Session {
  readonly inputs: readonly SlotInfo[];
  readonly outputs: readonly SlotInfo[];
  run(feeds: Readonly<Record<string, Tensor>>): Promise<ReadonlyMap<string, Tensor>>;
  release(): Promise<void>;
}

/** ONNX Runtime on one device. */
export interface Runtime {
  readonly device: Device;
  /** How networks are to compute inside; undefined leaves each as its file says. */
  readonly precision: Precision | undefined;
  /** Loads a network, computing inside as `precision` says where that is given. Throws `bad-model`, `out-of-memory` or `device-unavailable`. */
  open(file: string, precision?: Precision): Promise<Session>;
}

/** A runtime that can also be looked into. */
export interface ProfiledRuntime extends Runtime {
  /** Runs a network once with zeros and `sides` for its symbolic dimensions, and gives ONNX Runtime's profile as JSON text. */
  profile(file: string, options: ProfileOptions): Promise<string>;
}

/** How a network is profiled. */
export interface ProfileOptions {
  /** Where the profile is written, without its ending. */
  readonly prefix: string;
  readonly sides: Readonly<Record<string, number>>;
}

const fatalOnly = 4;

/** Loads ONNX Runtime only when it is needed: it costs tens of megabytes. */
function lazyOrt(precision: PrecisionChoice): () => Promise<Ort> {
  let loading: Promise<Ort> | undefined;
  return () => {
    loading ??= (async () => {
      // It would write down what it runs and send that to its makers. Read when the library is loaded.
      process.env.ORT_DISABLE_TELEMETRY = '1';
      // GPUs are numbered as nvidia-smi numbers them.
      process.env.CUDA_DEVICE_ORDER ??= 'PCI_BUS_ID';
      // fp32 that was asked for is fp32: without this CUDA would multiply with 10 bits of mantissa (TF32).
      if (precision === 'fp32') process.env.NVIDIA_TF32_OVERRIDE ??= '0';
      const ort = await import('onnxruntime-node');
      ort.env.logLevel = 'fatal';
      return ort;
    })();
    return loading;
  };
}

type SessionOptions = InferenceSession.SessionOptions;

/** What a session on a device is opened with. The CPU takes the operators that a provider leaves. */
function sessionOptions({ kind, id }: NamedDevice): SessionOptions {
  const name = providers[kind].backend;
  const own: InferenceSession.ExecutionProviderConfig = kind === 'cuda' ? { name: 'cuda', deviceId: id } : name;
  return {
    executionProviders: kind === 'cpu' ? ['cpu'] : [own, 'cpu'],
    logSeverityLevel: fatalOnly,
    // DirectML can do neither.
    ...(kind === 'directml' ? { enableMemPattern: false, executionMode: 'sequential' as const } : {}),
  };
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
async function source(file: string, precision: Precision | undefined): Promise<{ graph: string | Uint8Array; extra: SessionOptions }> {
  const random = isRandom(file);
  if (precision === undefined && !random) return { graph: file, extra: {} };
  const stored = await readFile(file);
  const calm = random ? withoutRandomness(stored) : stored;
  const changed = precision === undefined ? calm : (convertPrecision(calm, precision) ?? calm);
  if (changed === stored) return { graph: file, extra: {} };
  return { graph: changed, extra: { extra: { session: { model_external_initializers_file_folder_path: dirname(file) } } } };
}

/** How the runtime is opened; the machine is another one in tests. */
export interface RuntimeOptions {
  readonly precision?: PrecisionChoice;
  readonly machine?: Machine;
}

/** Opens ONNX Runtime on a device, chosen as {@link chooseDevice} says. */
export async function openRuntime(
  wanted: string,
  { precision: choice = 'auto', machine = thisMachine() }: RuntimeOptions = {},
): Promise<ProfiledRuntime> {
  const load = lazyOrt(choice);
  const probe = async (device: NamedDevice): Promise<void> => {
    const ort = await load();
    const [own] = sessionOptions(device).executionProviders ?? [];
    const session = await ort.InferenceSession.create(probeModel(), {
      executionProviders: own === undefined ? [] : [own],
      logSeverityLevel: fatalOnly,
    });
    await session.release();
  };
  const device = await chooseDevice(wanted, {
    machine,
    probe,
    backends: async () => (await load()).listSupportedBackends().map(({ name }) => name),
  });
  const create = async (file: string, precision: Precision | undefined, options: SessionOptions): Promise<InferenceSession> => {
    const ort = await load();
    try {
      const { graph, extra } = await source(file, precision);
      const all = { ...sessionOptions(device), ...extra, ...options };
      return await (typeof graph === 'string' ? ort.InferenceSession.create(graph, all) : ort.InferenceSession.create(graph, all));
    } catch (thrown) {
      throw runtimeError(thrown, { file });
    }
  };
  const precision = choice === 'auto' ? (device.kind === 'cuda' ? 'fp16' : undefined) : choice;
  return {
    device,
    precision,
    open: async (file, inside) => wrap(await load(), await create(file, inside, {})),
    async profile(file, { prefix, sides }) {
      const raw = await create(file, precision, { enableProfiling: true, profileFilePrefix: prefix });
      const session = wrap(await load(), raw);
      try {
        await session.run(
          Object.fromEntries(session.inputs.map(({ name, shape }) => [name, zeros(shape.map((side) => sideOf(side, sides)))])),
        );
        return await profileOf(raw, prefix);
      } finally {
        await session.release();
      }
    },
  };
}

const sideOf = (side: number | string, sides: Readonly<Record<string, number>>): number =>
  typeof side === 'number' ? side : (sides[side] ?? 1);

/** Ends profiling and takes the file that the runtime wrote. */
async function profileOf(session: InferenceSession, prefix: string): Promise<string> {
  session.endProfiling();
  const folder = dirname(prefix);
  const written = (await readdir(folder)).find((name) => name.startsWith(`${basename(prefix)}_`) && name.endsWith('.json'));
  if (written === undefined) throw new GraphError('internal', `ONNX Runtime wrote no profile into ${folder}.`);
  return readFile(join(folder, written), 'utf8');
}

const infoOf = (metadata: readonly InferenceSession.ValueMetadata[]): SlotInfo[] =>
  metadata.flatMap((slot) => (slot.isTensor ? [{ name: slot.name, type: slot.type, shape: slot.shape }] : []));

function wrap(ort: Ort, session: InferenceSession): Session {
  const inputs = infoOf(session.inputMetadata);
  const outputs = infoOf(session.outputMetadata);
  return {
    inputs,
    outputs,
    async run(feeds) {
      const converted: Record<string, OrtTensor> = {};
      for (const slot of inputs) {
        const feed = feeds[slot.name];
        if (feed !== undefined) converted[slot.name] = toOrt(ort, feed, slot.type);
      }
      try {
        const results = await session.run(converted);
        return new Map(Object.entries(results).map(([name, value]) => [name, fromOrt(value)]));
      } catch (thrown) {
        throw runtimeError(thrown, {});
      }
    },
    release: () => session.release(),
  };
}

function toOrt(ort: Ort, { data, dims }: Tensor, type: string): OrtTensor {
  switch (type) {
    case 'float32':
      return new ort.Tensor('float32', data, dims);
    case 'float16':
      return new ort.Tensor('float16', toHalves(data), dims);
    case 'float64':
      return new ort.Tensor('float64', Float64Array.from(data), dims);
    case 'int64':
      return new ort.Tensor(
        'int64',
        BigInt64Array.from(data, (value) => BigInt(Math.round(value))),
        dims,
      );
    case 'int32':
      return new ort.Tensor('int32', Int32Array.from(data, Math.round), dims);
    case 'bool':
      return new ort.Tensor(
        'bool',
        Uint8Array.from(data, (value) => (value === 0 ? 0 : 1)),
        dims,
      );
    default:
      throw new GraphError(
        'bad-model',
        `The network wants an input of element type ${type}, which is not supported. Export it with float inputs.`,
      );
  }
}

function fromOrt(value: OrtTensor): Tensor {
  const { data, dims } = value;
  if (data instanceof Float32Array) return { data, dims };
  if (data instanceof Uint16Array) return { data: fromHalves(data), dims };
  if (data instanceof BigInt64Array) return { data: Float32Array.from(data, Number), dims };
  if (data instanceof Float64Array || data instanceof Int32Array || data instanceof Uint8Array)
    return { data: Float32Array.from(data), dims };
  throw new GraphError(
    'bad-model',
    `The network gives an output of element type ${value.type}, which is not supported. Export it with float outputs.`,
  );
}
