import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { GraphError, type Tensor } from '../../../nodes/kit/index.ts';
import { packageVersion } from '../../files/package-root.ts';
import { type PrecisionChoice, providers } from '../device-names.ts';
import { fromHalves, toHalves } from './half.ts';
import type { BackendSession, InferenceBackend, OpenOptions, SlotInfo } from './inference-backend.ts';

type Ort = typeof import('onnxruntime-node');
type SessionOptions = InferenceSession.SessionOptions;

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

function sessionOptions({ device: { kind, id }, strict, weightsFolder, profile }: OpenOptions): SessionOptions {
  const name = providers[kind].backend;
  const own: InferenceSession.ExecutionProviderConfig = kind === 'cuda' ? { name: 'cuda', deviceId: id } : name;
  return {
    executionProviders: kind === 'cpu' || strict === true ? [own] : [own, 'cpu'],
    logSeverityLevel: fatalOnly,
    // DirectML can do neither.
    ...(kind === 'directml' ? { enableMemPattern: false, executionMode: 'sequential' as const } : {}),
    ...(weightsFolder === undefined ? {} : { extra: { session: { model_external_initializers_file_folder_path: weightsFolder } } }),
    ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
  };
}

/** Microsoft's binding, the default backend. A run blocks its thread. `precision` says whether CUDA may round products of fp32. */
export function onnxruntimeNode(precision: PrecisionChoice): InferenceBackend {
  const load = lazyOrt(precision);
  return {
    name: 'onnxruntime-node',
    version: () => packageVersion(dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))),
    providers: async () => (await load()).listSupportedBackends().map(({ name }) => name),
    async open(network, options) {
      const ort = await load();
      const all = sessionOptions(options);
      const session = typeof network === 'string' ? ort.InferenceSession.create(network, all) : ort.InferenceSession.create(network, all);
      return wrap(ort, await session);
    },
  };
}

const infoOf = (metadata: readonly InferenceSession.ValueMetadata[]): SlotInfo[] =>
  metadata.flatMap((slot) => (slot.isTensor ? [{ name: slot.name, type: slot.type, shape: slot.shape }] : []));

function wrap(ort: Ort, session: InferenceSession): BackendSession {
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
      const results = await session.run(converted);
      return new Map(Object.entries(results).map(([name, value]) => [name, fromOrt(value)]));
    },
    release: () => session.release(),
    endProfiling: () => session.endProfiling(),
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
