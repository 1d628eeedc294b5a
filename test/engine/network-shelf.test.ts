import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Tensor, zeros } from '../../nodes/kit/index.ts';
import { autoencoder } from '../../server/engine/models/autoencoder.ts';
import type { Precision } from '../../server/engine/models/graph-precision.ts';
import type { Session } from '../../server/engine/models/inference-backend.ts';
import { NetworkShelf } from '../../server/engine/models/network-shelf.ts';
import type { Runtime } from '../../server/engine/models/onnx.ts';
import { runtimeError } from '../../server/engine/models/onnx-errors.ts';

type Feeds = Readonly<Record<string, Tensor>>;

/** A GPU with so much room: weights of 10 a network, and what a run needs by the cells of its input. Errors are worded as ONNX Runtime words them. */
class FakeGpu implements Runtime {
  /** Runs wait for it. */
  gate: Promise<void> = Promise.resolve();
  readonly device = { name: 'cuda:0', kind: 'cuda', id: 0, provider: 'CUDAExecutionProvider' } as const;
  readonly precision: Precision = 'fp16';
  readonly ran: string[] = [];
  readonly opened: string[] = [];
  room = Number.POSITIVE_INFINITY;
  /** Networks that overflow in fp16. */
  overflowing: readonly string[] = [];
  scale = 1;
  #held = 0;

  async open(file: string, precision?: Precision): Promise<Session> {
    const name = basename(file, '.onnx');
    if (this.#held + 10 > this.room)
      throw runtimeError(new Error('BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 1310720'), {
        file,
      });
    this.#held += 10;
    this.opened.push(`${name} ${precision}`);
    return {
      inputs: [
        { name: 'x', type: 'float32', shape: ['batch', 1, 'height', 'width'] },
        { name: 'timestep', type: 'float32', shape: [1] },
      ].slice(0, this.scale === 1 ? 2 : 1),
      outputs: [{ name: 'y', type: 'float32', shape: ['batch', 1, 'height', 'width'] }],
      run: async ({ x = zeros([1, 1, 1, 1]) }: Feeds) => {
        await this.gate;
        this.ran.push(`${name} ${x.dims.join('×')}`);
        if (this.#held + x.data.length > this.room)
          throw runtimeError(new Error('CUDA failure 2: out of memory ; GPU=0 ; hostname=h'), { file });
        const bad = precision === 'fp16' && this.overflowing.includes(name);
        const [batch = 1, channels = 1, height = 1, width = 1] = x.dims;
        const { scale } = this;
        const data = Float32Array.from({ length: x.data.length * scale ** 2 }, (_, i) => {
          const row = Math.floor(i / (width * scale)) % (height * scale);
          const plane = Math.floor(i / (width * scale * height * scale));
          return bad
            ? Number.NaN
            : (x.data[(plane * height + Math.floor(row / scale)) * width + Math.floor((i % (width * scale)) / scale)] ?? 0);
        });
        return new Map([['y', { dims: [batch, channels, height * scale, width * scale], data }]]);
      },
      release: async () => {
        this.#held -= 10;
      },
    };
  }
}

let folder: string;
let gpu: FakeGpu;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shelf-'));
  gpu = new FakeGpu();
  for (const name of ['unet', 'vae', 'text']) {
    await writeFile(join(folder, `${name}.onnx`), '');
    await truncate(join(folder, `${name}.onnx`), 1000);
  }
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const ramp = (dims: readonly number[]): Tensor => ({ dims, data: Float32Array.from(zeros(dims).data, (_, i) => Math.sin(i)) });
const feeds = (batch: number, side = 2): Feeds => ({ x: ramp([batch, 1, side, side]), timestep: { dims: [1], data: Float32Array.of(7) } });
const open = (shelf: NetworkShelf, name: string): Promise<Session> => shelf.open(join(folder, `${name}.onnx`));
const names = (shelf: NetworkShelf): string[] => shelf.files.map((file) => basename(file, '.onnx'));

describe('weights within a budget', () => {
  it('unloads what has not run for longest, and loads it again when it runs', async () => {
    const shelf = new NetworkShelf(gpu, 2500);
    const text = await open(shelf, 'text');
    const unet = await open(shelf, 'unet');
    await text.run(feeds(1));
    await open(shelf, 'vae');
    expect(names(shelf)).toEqual(['text', 'vae']);
    await unet.run(feeds(1));
    expect(names(shelf)).toEqual(['vae', 'unet']);
    expect(gpu.opened).toEqual(['text fp16', 'unet fp16', 'vae fp16', 'unet fp16']);
  });

  it('never unloads what is at work: not for room, not on request', async () => {
    const shelf = new NetworkShelf(gpu, 1500);
    const unet = await open(shelf, 'unet');
    let finish: () => void = () => undefined;
    gpu.gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const runs = [unet.run(feeds(1)), unet.run(feeds(1))];
    await open(shelf, 'vae');
    expect(names(shelf)).toEqual(['unet', 'vae']);
    await shelf.unload();
    expect(names(shelf)).toEqual(['unet']);
    finish();
    await Promise.all(runs);
    await shelf.unload();
    expect(names(shelf)).toEqual([]);
  });

  it('keeps everything without one', async () => {
    const shelf = new NetworkShelf(gpu);
    for (const name of ['text', 'unet', 'vae']) await open(shelf, name);
    expect(names(shelf)).toHaveLength(3);
  });
});

describe('out of memory', () => {
  it('is answered by unloading the others, when opening and when running', async () => {
    const shelf = new NetworkShelf(gpu);
    const text = await open(shelf, 'text');
    gpu.room = 15;
    const unet = await open(shelf, 'unet');
    expect(names(shelf)).toEqual(['unet']);
    gpu.room = 25;
    await text.run(feeds(1));
    expect(names(shelf)).toEqual(['unet', 'text']);
    expect((await unet.run(feeds(2, 2))).get('y')?.dims).toEqual([2, 1, 2, 2]);
    expect(names(shelf)).toEqual(['unet']);
  });

  it('is answered by smaller batches, which are remembered for the size', async () => {
    const shelf = new NetworkShelf(gpu);
    const unet = await open(shelf, 'unet');
    gpu.room = 10 + 8;
    const given = feeds(5, 2);
    const result = (await unet.run(given)).get('y');
    expect(result).toEqual(given.x);
    expect(gpu.ran).toEqual(['unet 4×1×2×2', 'unet 2×1×2×2', 'unet 2×1×2×2', 'unet 1×1×2×2']);
    gpu.ran.length = 0;
    await unet.run(given);
    expect(gpu.ran).toEqual(['unet 2×1×2×2', 'unet 2×1×2×2', 'unet 1×1×2×2']);
  });

  it('stands, with advice, when one item alone does not fit', async () => {
    const unet = await open(new NetworkShelf(gpu), 'unet');
    gpu.room = 12;
    await expect(unet.run(feeds(4, 2))).rejects.toMatchObject({
      code: 'out-of-memory',
      message: expect.stringContaining('Use a smaller size'),
    });
    expect(gpu.ran.at(-1)).toBe('unet 1×1×2×2');
  });

  it('is answered by tiles in a VAE, which blend into the same picture', async () => {
    gpu.scale = 2;
    const session = await open(new NetworkShelf(gpu), 'vae');
    const vae = autoencoder({ channels: 1, scale: 1, downscale: 2 }, { encoder: async () => session, decoder: async () => session });
    const latent = ramp([1, 1, 80, 100]);
    const whole = await vae.decode(latent);
    gpu.ran.length = 0;
    gpu.room = 10 + 64 * 64;
    const tiled = await vae.decode(latent);
    expect(gpu.ran.slice(0, 2)).toEqual(['vae 1×1×80×100', 'vae 1×1×64×64']);
    expect(tiled.dims).toEqual(whole.dims);
    const distance = tiled.data.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (whole.data[i] ?? Number.POSITIVE_INFINITY))),
      0,
    );
    expect(distance).toBeLessThan(1e-6);
    gpu.room = 10 + 32 * 32;
    await vae.decode(latent);
    expect(gpu.ran.at(-1)).toBe('vae 1×1×32×32');
    gpu.room = 11;
    await expect(vae.decode(latent)).rejects.toMatchObject({ code: 'out-of-memory' });
  });
});

describe('batches on a GPU', () => {
  it('are powers of two, so that few shapes have to be warmed up', async () => {
    const unet = await open(new NetworkShelf(gpu), 'unet');
    await unet.run(feeds(6));
    await unet.run(feeds(7));
    expect(gpu.ran.map((line) => line.split(/[ ×]/)[1])).toEqual(['4', '2', '4', '2', '1']);
  });
});

describe('fp16 that overflows', () => {
  it('is found by what is not a number, and the network runs in fp32 from then on', async () => {
    gpu.overflowing = ['vae'];
    const shelf = new NetworkShelf(gpu);
    const vae = await open(shelf, 'vae');
    expect([...((await vae.run(feeds(1))).get('y')?.data ?? [])].every(Number.isFinite)).toBe(true);
    await vae.run(feeds(1));
    expect(gpu.opened).toEqual(['vae fp16', 'vae fp32']);
    expect(gpu.ran).toHaveLength(3);
  });

  it('is not blamed for what came in broken', async () => {
    const unet = await open(new NetworkShelf(gpu), 'unet');
    await unet.run({ ...feeds(1), x: { dims: [1, 1, 1, 1], data: Float32Array.of(Number.NaN) } });
    expect(gpu.opened).toEqual(['unet fp16']);
  });
});
