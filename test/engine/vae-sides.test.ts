import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../nodes/kit/index.ts';
import { autoencoder } from '../../server/engine/models/autoencoder.ts';
import type { Session } from '../../server/engine/models/inference-backend.ts';

/** A network that repeats each cell of its three channels `scale` times along each side, or takes every eighth, and notes what it was fed. */
function fakeVae(shape: readonly (number | string)[], scale: number, fed: string[]): Session {
  return {
    inputs: [{ name: 'x', type: 'float32', shape }],
    outputs: [],
    async run({ x }) {
      const [, channels = 0, height = 0, width = 0] = x?.dims ?? [];
      fed.push(`${width}×${height}`);
      const dims = [1, channels, height * scale, width * scale];
      const at = (i: number): number => {
        const [column, row, channel] = [
          i % (width * scale),
          Math.floor(i / (width * scale)) % (height * scale),
          Math.floor(i / (width * height * scale * scale)),
        ];
        return (channel * height + Math.floor(row / scale)) * width + Math.floor(column / scale);
      };
      const data = Float32Array.from({ length: channels * height * width * scale * scale }, (_, i) => x?.data[at(i)] ?? 0);
      return new Map([['y', { dims, data }]]);
    },
    release: async () => undefined,
  };
}

const smooth = (dims: readonly number[]): Tensor => ({
  dims,
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i / 7) / 2),
});

function vaeOf(shape: readonly (number | string)[], fed: string[]) {
  const session = fakeVae(shape, 8, fed);
  const open = async () => session;
  return autoencoder({ channels: 3, scale: 1, downscale: 8 }, { encoder: open, decoder: open });
}

describe('a VAE that was exported for one size', () => {
  it('decodes a larger latent in tiles of that size, into the same picture', async () => {
    const [fed, whole]: [string[], string[]] = [[], []];
    const latent = smooth([1, 3, 12, 20]);
    const picture = await vaeOf([1, 3, 8, 8], fed).decode(latent);
    const wanted = await vaeOf(['batch', 3, 'height', 'width'], whole).decode(latent);
    expect(whole).toEqual(['20×12']);
    expect(new Set(fed)).toEqual(new Set(['8×8']));
    expect(picture.dims).toEqual([1, 96, 160, 3]);
    expect(Math.max(...picture.data.map((value, i) => Math.abs(value - (wanted.data[i] ?? 9))))).toBeLessThan(1e-6);
  });

  it('takes its own size whole, and names it where a picture is too small', async () => {
    const fed: string[] = [];
    const vae = vaeOf([1, 3, 8, 8], fed);
    await vae.decode(smooth([1, 3, 8, 8]));
    expect(fed).toEqual(['8×8']);
    await expect(vae.decode(smooth([1, 3, 8, 4]))).rejects.toMatchObject({
      code: 'size-mismatch',
      message: expect.stringMatching(/64×64, and this one is 32×64/),
    });
  });

  it('says the size of pictures for an encoder as well', async () => {
    const vae = vaeOf([1, 3, 64, 96], []);
    await expect(vae.encode({ dims: [1, 64, 64, 3], data: new Float32Array(64 * 64 * 3) })).rejects.toThrow(/96×64, and this one is 64×64/);
  });
});
