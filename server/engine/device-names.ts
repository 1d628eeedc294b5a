import { GraphError } from '../../nodes/kit/index.ts';

/** What a network can run on. */
export type DeviceKind = 'cpu' | 'cuda' | 'webgpu' | 'directml' | 'coreml';

/** A device by its name: `cuda:1` is the kind `cuda` with the id 1. */
export interface NamedDevice {
  readonly kind: DeviceKind;
  readonly id: number;
}

/** An execution provider of ONNX Runtime. */
export interface Provider {
  /** As sessions ask for it. */
  readonly backend: string;
  /** As ONNX Runtime calls it in profiles. */
  readonly provider: string;
  /** As people call it. */
  readonly title: string;
  /** Where it exists at all. */
  readonly platform: string;
  /** Has it ever been run by us? */
  readonly tested: boolean;
}

/** The providers by kind of device. */
export const providers: Readonly<Record<DeviceKind, Provider>> = {
  cpu: { backend: 'cpu', provider: 'CPUExecutionProvider', title: 'CPU', platform: 'everywhere', tested: true },
  cuda: { backend: 'cuda', provider: 'CUDAExecutionProvider', title: 'CUDA', platform: 'Linux on x64 with an NVIDIA GPU', tested: false },
  webgpu: {
    backend: 'webgpu',
    provider: 'WebGpuExecutionProvider',
    title: 'WebGPU',
    platform: 'Linux on x64, Windows and macOS with a GPU driver (Vulkan, Direct3D 12 or Metal)',
    tested: false,
  },
  directml: { backend: 'dml', provider: 'DmlExecutionProvider', title: 'DirectML', platform: 'Windows', tested: false },
  coreml: { backend: 'coreml', provider: 'CoreMLExecutionProvider', title: 'Core ML', platform: 'macOS', tested: false },
};

const isKind = (name: string): name is DeviceKind => name in providers;

/** Reads `cpu`, `cuda`, `cuda:1`, `webgpu`, `directml` or `coreml`; undefined for anything else. */
export function parseDevice(name: string): NamedDevice | undefined {
  const cuda = /^cuda(?::(\d{1,3}))?$/.exec(name);
  if (cuda !== null) return { kind: 'cuda', id: Number(cuda[1] ?? 0) };
  return isKind(name) ? { kind: name, id: 0 } : undefined;
}

/** Gives a device's name back; throws `device-unavailable` unless it is `auto` or one that {@link parseDevice} reads. */
export function checkDeviceName(name: string): string {
  if (name === 'auto' || parseDevice(name) !== undefined) return name;
  throw new GraphError(
    'device-unavailable',
    `There is no device “${name}”: expected auto, cpu, cuda or cuda:N, webgpu, directml or coreml.`,
  );
}

/** Reads a list such as `cuda:0,cuda:1`, one engine for each, or `none`; throws `device-unavailable` for a name that is not known. */
export function checkDeviceNames(names: string): readonly string[] {
  if (names.trim() === 'none') return [];
  return names.split(',').map((name) => checkDeviceName(name.trim()));
}

/** May a process for this device load CUDA? Then it is started with CUDA's libraries in its path. */
export const mayUseCuda = (name: string): boolean => name === 'auto' || parseDevice(name)?.kind === 'cuda';

/** How networks compute inside: `auto` is fp16 on CUDA, and elsewhere what the file says; `int8` is fp32 but for products of linear layers, on a CPU. */
export const precisions = ['auto', 'fp16', 'fp32', 'int8'] as const;
export type PrecisionChoice = (typeof precisions)[number];
