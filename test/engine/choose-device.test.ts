import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GraphError } from '../../nodes/kit/index.ts';
import { pinnedSet } from '../../server/cuda/packages.ts';
import { type Choosing, chooseDevice } from '../../server/engine/models/choose-device.ts';
import { FakeMachine } from '../cuda/fake-machine.ts';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await FakeMachine.make();
});
afterEach(() => rm(machine.root, { recursive: true, force: true }));

const notLoaded = 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library';

/** Chooses on a machine whose ONNX Runtime fails with this message, or works. */
const choose = (wanted: string, failure?: string, backends: readonly string[] = ['cpu', 'webgpu', 'cuda']) => {
  const choosing: Choosing = {
    machine,
    backends: async () => backends,
    probe: async () => {
      if (failure !== undefined) throw new Error(failure);
    },
  };
  return chooseDevice(wanted, choosing);
};
const refusal = async (...args: Parameters<typeof choose>): Promise<string> => {
  const thrown = await choose(...args).catch((error: unknown) => error);
  if (thrown instanceof GraphError && thrown.code === 'device-unavailable') return thrown.message;
  throw new Error(`Expected device-unavailable, got ${JSON.stringify(thrown)}`);
};
const cpu = { name: 'cpu', kind: 'cpu', id: 0, provider: 'CPUExecutionProvider' };

describe('CUDA that was asked for', () => {
  it('is used, with the GPU by name and its free memory', async () => {
    await machine.driver('580.95.05');
    expect(await choose('cuda')).toEqual({
      name: 'cuda:0',
      kind: 'cuda',
      id: 0,
      provider: 'CUDAExecutionProvider',
      title: 'NVIDIA GeForce RTX 4090',
      memory: 20_000 * 2 ** 20,
    });
  });

  it('is refused with what mends it: the driver first, then the installation', async () => {
    expect(await refusal('cuda', notLoaded)).toMatch(
      /driver 580.*npx litegraph-diffusion install-cuda.*doctor --device cuda.*--device cpu/,
    );
    await machine.driver('580.95.05');
    const installed = await refusal('cuda:1', notLoaded);
    expect(installed).toMatch(/not installed. Run: npx litegraph-diffusion install-cuda\. /);
    expect(installed).not.toContain('driver 580');
  });

  it('is refused with what ONNX Runtime says where all is installed', async () => {
    await machine.driver('580.95.05');
    await machine.installation({
      ...pinnedSet,
      packages: pinnedSet.packages.map((one) => ({ ...one, libraries: one.libraries.map((library) => ({ ...library, bytes: 64 })) })),
    });
    expect(await refusal('cuda:7', 'CUDA failure 101: invalid device ordinal ; GPU=-1 ; expr=cudaSetDevice(info_.device_id);')).toContain(
      'no GPU of this number',
    );
    expect(await refusal('cuda', 'something else went wrong')).toContain('something else went wrong');
  });
});

describe('auto', () => {
  it('is the CPU, silently where there is no GPU, with a hint where one waits for its provider', async () => {
    expect(await choose('auto', notLoaded)).toEqual(cpu);
    await machine.driver('580.95.05');
    expect(await choose('auto', notLoaded)).toEqual({ ...cpu, message: expect.stringMatching(/RTX 4090 is not used.*install-cuda/) });
  });

  it('is CUDA where it is installed and works, and says why it is not where it does not', async () => {
    await machine.driver('580.95.05');
    await machine.installation();
    expect(await choose('auto')).toMatchObject({ name: 'cuda:0' });
    await machine.driver('535.1.1');
    expect(await choose('auto', notLoaded)).toEqual({
      ...cpu,
      message: expect.stringMatching(/does not work, so the CPU is used.*535.1.1/),
    });
  });
});

describe('other providers', () => {
  it('are taken where ONNX Runtime has them, and said to be untested', async () => {
    expect(await choose('webgpu')).toMatchObject({
      name: 'webgpu',
      provider: 'WebGpuExecutionProvider',
      message: expect.stringContaining('not tested'),
    });
    expect(await choose('directml', undefined, ['cpu', 'dml'])).toMatchObject({ provider: 'DmlExecutionProvider' });
    expect(await choose('coreml', undefined, ['cpu', 'coreml'])).toMatchObject({ provider: 'CoreMLExecutionProvider' });
  });

  it('are refused where the platform has none, or they do not start', async () => {
    expect(await refusal('coreml')).toMatch(/Core ML.*macOS/);
    expect(await refusal('directml')).toMatch(/DirectML.*Windows/);
    const said =
      '/src/webgpu_context.cc:136 onnxruntime::webgpu::X(const Y&) status == Success was false. Failed to get a WebGPU adapter: No supported adapters';
    expect(await refusal('webgpu', said)).toMatch(/^WebGPU cannot be used: Failed to get a WebGPU adapter: No supported adapters\. /);
    expect(await refusal('quantum')).toContain('expected auto, cpu, cuda or cuda:N');
  });
});
