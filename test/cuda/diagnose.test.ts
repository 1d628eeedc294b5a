import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diagnoseCuda } from '../../server/cuda/diagnose.ts';
import { cudaFault } from '../../server/cuda/faults.ts';
import { visibleGpu } from '../../server/cuda/gpus.ts';
import { cudaEnvironment } from '../../server/cuda/home.ts';
import { FakeMachine, smallSet } from './fake-machine.ts';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await FakeMachine.make();
});
afterEach(() => rm(machine.root, { recursive: true, force: true }));

/** Each finding as one line. */
async function lines(): Promise<string[]> {
  const { findings } = await diagnoseCuda(machine, smallSet);
  return findings.map(({ what, state, found, remedy = '' }) => `${what} ${state}: ${found} ${remedy}`);
}

describe('what CUDA needs', () => {
  it('is all there with a driver, a GPU and an installation', async () => {
    await machine.driver('580.95.05');
    await machine.installation();
    const found = await lines();
    expect(found.map((line) => line.split(':')[0])).toEqual(['driver ok', 'gpu ok', 'provider ok', 'libraries ok']);
    expect(found[1]).toContain('cuda:0 NVIDIA GeForce RTX 4090, 21.0 GB of 25.8 GB free');
  });

  it('names the driver and the installation where neither is there', async () => {
    const [driver, provider, libraries] = await lines();
    expect(driver).toMatch(/driver problem: No NVIDIA driver.*Install NVIDIA's driver 580 or newer.*--device cpu/);
    expect(provider).toMatch(/provider problem: .*not installed.*npx litegraph-diffusion install-cuda/);
    expect(libraries).toMatch(/libraries problem: .*libcudart.so.13.*install-cuda/);
  });

  it('tells a driver that is too old, one without its library, and one without a GPU', async () => {
    await machine.installation();
    await machine.driver('570.124.06');
    expect((await lines())[0]).toMatch(/problem: The NVIDIA driver is 570.124.06, and CUDA 13 needs 580 or newer/);
    await machine.driver('580.95.05', { library: false });
    await rm(join(machine.root, 'usr/lib/x86_64-linux-gnu/libcuda.so.1'));
    expect((await lines())[0]).toMatch(/problem: .*580.95.05 is loaded, but its library libcuda.so.1 is not there/);
    await machine.driver('580.95.05', { capability: '' });
    expect((await lines())[1]).toMatch(/gpu problem: The driver shows no GPU. Run nvidia-smi/);
    await machine.driver('580.95.05', { capability: '6.1' });
    expect((await lines())[1]).toMatch(/gpu problem: .*older than Turing/);
  });

  it('works without nvidia-smi, as in a slim container', async () => {
    await machine.driver('580.95.05');
    await machine.installation();
    await rm(join(machine.root, 'bin/nvidia-smi'));
    expect((await lines()).map((line) => line.split(':')[0])).toEqual(['driver ok', 'provider ok', 'libraries ok']);
  });

  it('names a library that is gone, and an installation of another version', async () => {
    await machine.driver('580.95.05');
    await machine.installation();
    await rm(join(machine.root, 'cuda/1.30.0/lib/libcublasLt.so.13'));
    expect((await lines())[2]).toMatch(/provider problem: Files of .* are missing or cut short: libcublasLt.so.13.*install-cuda/);
    await machine.installation(smallSet, ['libcudnn.so.9']);
    expect((await lines())[3]).toMatch(/libraries problem: Libraries are missing: libcudnn.so.9\..*install-cuda/);
    await rm(join(machine.root, 'cuda/1.30.0'), { recursive: true });
    await machine.installation({ ...smallSet, onnxruntime: '1.29.0' });
    expect((await lines())[2]).toMatch(
      /provider problem: .*holds CUDA for ONNX Runtime 1.29.0, and this version needs it for 1.30.0.*install-cuda/,
    );
  });
});

describe('the path of a process that may use CUDA', () => {
  it('holds the installation before what was there, and only once', async () => {
    expect(await cudaEnvironment(machine.env, smallSet)).toBeUndefined();
    await machine.installation();
    const lib = join(machine.root, 'cuda/1.30.0/lib');
    const env = await cudaEnvironment({ ...machine.env, LD_LIBRARY_PATH: '/opt/x' }, smallSet);
    expect(env).toEqual({ LD_LIBRARY_PATH: `${lib}:/opt/x` });
    expect(await cudaEnvironment({ ...machine.env, ...env }, smallSet)).toBeUndefined();
  });

  it('leaves out an installation that is damaged', async () => {
    await machine.installation();
    await machine.write('cuda/1.30.0/lib/libcublas.so.13', 'short');
    expect(await cudaEnvironment(machine.env, smallSet)).toBeUndefined();
  });
});

describe('the GPU behind cuda:N', () => {
  const gpus = [0, 1, 2].map((index) => ({ index, uuid: `GPU-${index}f`, name: `card ${index}`, total: 1, free: 1, capability: '9.0' }));

  it('counts what CUDA_VISIBLE_DEVICES leaves', () => {
    expect(visibleGpu(1, gpus, {})?.name).toBe('card 1');
    expect(visibleGpu(0, gpus, { CUDA_VISIBLE_DEVICES: '2,0' })?.name).toBe('card 2');
    expect(visibleGpu(0, gpus, { CUDA_VISIBLE_DEVICES: 'GPU-1f' })?.name).toBe('card 1');
    expect(visibleGpu(1, gpus, { CUDA_VISIBLE_DEVICES: '2' })).toBeUndefined();
  });
});

describe("ONNX Runtime's words for trouble with CUDA", () => {
  it.each([
    ['Failed to load library /x/libonnxruntime_providers_cuda.so with error: libcuda.so.1: cannot open shared object file', /driver/],
    ['with error: libcublasLt.so.13: cannot open shared object file: No such file or directory', /libcublasLt.so.13.*install-cuda/],
    ['CUDA failure 100: no CUDA-capable device is detected ; GPU=0 ; expr=cudaSetDevice(info_.device_id)', /no GPU/],
    ['CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=0', /too old/],
    ['CUDA failure 101: invalid device ordinal ; GPU=3', /no GPU of this number/],
    ['CUDA failure 719: unspecified launch failure ; GPU=0', /error 719: unspecified launch failure/],
  ])('%s', (message, expected) => {
    const fault = cudaFault(message);
    expect(`${fault?.found} ${fault?.remedy}`).toMatch(expected);
  });

  it('is not guessed at', () => expect(cudaFault('Protobuf parsing failed.')).toBeUndefined());
});
