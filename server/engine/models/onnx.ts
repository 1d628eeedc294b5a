import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { GraphError, type Tensor } from '../../../nodes/kit/index.ts';
import { checkDeviceName, cudaId } from '../device-names.ts';
import { fromHalves, toHalves } from './half.ts';
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

/** Where networks run. */
export interface Device {
  /** `cpu` or `cuda:0`. */
  readonly name: string;
  /** ONNX Runtime's own name. */
  readonly provider: string;
  /** Why it is not what one might have hoped for. */
  readonly message?: string;
}

/** ONNX Runtime on one device. */
export interface Runtime {
  readonly device: Device;
  /** Throws `bad-model`, `out-of-memory` or `device-unavailable`. */
  open(file: string): Promise<Session>;
}

const fatalOnly = 4;

/** Is the CUDA provider library beside the runtime? */
function hasCuda(): boolean {
  const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  return existsSync(join(folder, 'bin/napi-v6', process.platform, process.arch, 'libonnxruntime_providers_cuda.so'));
}

/** Loads ONNX Runtime only when it is needed: it costs tens of megabytes. */
function lazyOrt(): () => Promise<Ort> {
  let loading: Promise<Ort> | undefined;
  return () => {
    loading ??= import('onnxruntime-node').then((ort) => {
      ort.env.logLevel = 'fatal';
      return ort;
    });
    return loading;
  };
}

/**
 * Chooses the device: `cpu`, `cuda`, `cuda:1`, or `auto`, which takes CUDA where its provider is installed and works. CUDA that was asked for and does not work is
 * `device-unavailable`, never a silent run on the CPU.
 */
export async function openRuntime(wanted: string): Promise<Runtime> {
  const load = lazyOrt();
  const device = await chooseDevice(wanted, load);
  const cuda = cudaId(device.name);
  const providers: InferenceSession.ExecutionProviderConfig[] = cuda === undefined ? ['cpu'] : [{ name: 'cuda', deviceId: cuda }, 'cpu'];
  return {
    device,
    async open(file) {
      const ort = await load();
      try {
        const session = await ort.InferenceSession.create(file, { executionProviders: providers, logSeverityLevel: fatalOnly });
        return wrap(ort, session);
      } catch (thrown) {
        throw runtimeError(thrown, { file });
      }
    },
  };
}

async function chooseDevice(wanted: string, load: () => Promise<Ort>): Promise<Device> {
  const cpu = { name: 'cpu', provider: 'CPUExecutionProvider' };
  if (wanted === 'cpu') return cpu;
  const id = cudaId(checkDeviceName(wanted)) ?? 0;
  if (wanted === 'auto' && !hasCuda()) return cpu;
  try {
    const ort = await load();
    const session = await ort.InferenceSession.create(probeModel(), {
      executionProviders: [{ name: 'cuda', deviceId: id }],
      logSeverityLevel: fatalOnly,
    });
    await session.release();
    return { name: `cuda:${id}`, provider: 'CUDAExecutionProvider' };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message.split('\n')[0] : String(thrown);
    if (wanted === 'auto') return { ...cpu, message: `CUDA is installed but does not work, so the CPU is used: ${reason}` };
    throw new GraphError(
      'device-unavailable',
      `The device ${wanted} cannot be used: ${reason}. Install the CUDA provider and driver, or start with --device cpu.`,
      { cause: thrown },
    );
  }
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
