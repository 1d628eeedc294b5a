import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../nodes/kit/index.ts';
import vaeDecodeTiled from '../../nodes/vae/vae-decode-tiled.node.ts';
import vaeEncodeTiled from '../../nodes/vae/vae-encode-tiled.node.ts';
import { autoencoder } from '../../server/engine/models/autoencoder.ts';
import type { Session } from '../../server/engine/models/inference-backend.ts';
import { ramp, runNode } from '../nodes/node-runs.ts';

const downscale = 8;

/** A network that looks one cell around with zeros beyond its border, as convolutions do, and remembers the sizes that it was given. */
function blurring(channels: number, factor: number): { session: Session; sizes: string[] } {
  const sizes: string[] = [];
  const run = async (feeds: Readonly<Record<string, Tensor>>): Promise<ReadonlyMap<string, Tensor>> => {
    const { dims: [, , height = 0, width = 0] = [], data } = feeds.x ?? { data: new Float32Array() };
    sizes.push(`${height}×${width}`);
    const at = (y: number, x: number): number => (y < 0 || x < 0 || y >= height || x >= width ? 0 : (data[y * width + x] ?? 0));
    const cells = (y: number, x: number): number =>
      [-1, 0, 1].reduce((sum, dy) => sum + at(y + dy, x - 1) + at(y + dy, x) + at(y + dy, x + 1), 0) / 9;
    const [h, w] = [height * factor, width * factor];
    const out = Float32Array.from({ length: channels * h * w }, (_, i) => {
      const [y, x] = [Math.floor(i / w) % h, i % w];
      return cells(Math.floor((y + 0.5) / factor), Math.floor((x + 0.5) / factor));
    });
    return new Map([['y', { dims: [1, channels, h, w], data: out }]]);
  };
  return { session: { inputs: [{ name: 'x', type: 'float32', shape: [] }], outputs: [], run, release: async () => undefined }, sizes };
}

function vaeOf() {
  const [decoder, encoder] = [blurring(3, downscale), blurring(4, 1 / downscale)];
  const vae = autoencoder(
    { channels: 4, scale: 1, downscale },
    { decoder: async () => decoder.session, encoder: async () => encoder.session },
  );
  return { vae, decoded: decoder.sizes, encoded: encoder.sizes };
}

const apart = (a: Tensor, b: Tensor): number => {
  expect(a.dims).toEqual(b.dims);
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (b.data[i] ?? Number.NaN))), 0);
};

describe('“VAE decode (tiled)”', () => {
  // All above 0, so that the zeros beyond a border are seen.
  const samples = { samples: { ...ramp([1, 4, 40, 28]), data: ramp([1, 4, 40, 28]).data.map((value) => 0.4 + 0.3 * Math.sin(value)) } };

  it('gives the picture that is made whole, at the seams too', async () => {
    const { vae, decoded } = vaeOf();
    const whole = await vae.decode(samples.samples);
    const { outputs } = await runNode(vaeDecodeTiled, { samples, vae, tile_size: 128, overlap: 32 });
    expect(new Set(decoded.slice(1))).toEqual(new Set(['16×16']));
    expect(decoded.length).toBeGreaterThan(6);
    const { outputs: usual } = await runNode(vaeDecodeTiled, { samples, vae, tile_size: 256, overlap: 64 });
    expect(apart(usual.IMAGE, whole)).toBeLessThan(0.01);
    const { outputs: hard } = await runNode(vaeDecodeTiled, { samples, vae, tile_size: 128, overlap: 0 });
    expect(apart(hard.IMAGE, whole)).toBeGreaterThan(0.05);
    expect(apart(outputs.IMAGE, whole)).toBeLessThan(apart(hard.IMAGE, whole) / 2);
  });

  it('takes a small latent whole, and shares at most a quarter of a piece', async () => {
    const { vae, decoded } = vaeOf();
    await runNode(vaeDecodeTiled, { samples, vae, tile_size: 512, overlap: 64 });
    expect(decoded).toEqual(['40×28']);
    const { outputs } = await runNode(vaeDecodeTiled, { samples, vae, tile_size: 64, overlap: 4096 });
    expect(outputs.IMAGE.dims).toEqual([1, 320, 224, 3]);
  });
});

describe('“VAE encode (tiled)”', () => {
  it('gives the latent that is made whole, of pictures that are no multiples of a piece', async () => {
    const { vae, encoded } = vaeOf();
    const pixels = { ...ramp([1, 200, 168, 3]), data: ramp([1, 200, 168, 3]).data.map((value) => 0.5 + 0.4 * Math.sin(value)) };
    const whole = await vae.encode(pixels);
    const { outputs } = await runNode(vaeEncodeTiled, { pixels, vae, tile_size: 64, overlap: 16 });
    expect(new Set(encoded.slice(1))).toEqual(new Set(['64×64']));
    expect(apart(outputs.LATENT.samples, whole)).toBeLessThan(0.01);
  });
});
