import { describe, expect, it } from 'vitest';
import { blendModes } from '../../nodes/diffusion/blend-modes.ts';
import { toPlanes } from '../../nodes/diffusion/planes.ts';
import { resample } from '../../nodes/diffusion/resample.ts';
import imageBatch from '../../nodes/image/image-batch.node.ts';
import imageBlend from '../../nodes/image/image-blend.node.ts';
import compositeMasked from '../../nodes/image/image-composite-masked.node.ts';
import imageCrop from '../../nodes/image/image-crop.node.ts';
import padForOutpaint from '../../nodes/image/image-pad-for-outpaint.node.ts';
import imageScaleBy from '../../nodes/image/image-scale-by.node.ts';
import type { Autoencoder, Image, ImageStore, Tensor } from '../../nodes/kit/index.ts';
import inpaintConditioning from '../../nodes/text/inpaint-model-conditioning.node.ts';
import encodeForInpaint from '../../nodes/vae/vae-encode-for-inpaint.node.ts';
import reference from '../reference/images.json' with { type: 'json' };
import { ramp, runNode } from './node-runs.ts';

const light = (dims: readonly number[], seed = 1): Image => ({ dims, data: ramp(dims, seed).data.map((value) => value * 0.5 + 0.5) });
const [a, b, small] = [light([2, 6, 7, 3]), light([2, 6, 7, 3], 2), light([1, 4, 5, 3], 3)];

const images: Partial<ImageStore> = {
  resize: (image, { method, ...size }) =>
    method === 'lanczos' ? Promise.reject(new Error('not here')) : Promise.resolve(resample(image, { ...size, method })),
};

interface Expected {
  readonly dims: readonly number[];
  readonly values: readonly number[];
}

function expectTensor({ dims, data }: Tensor, expected: Expected): void {
  expect(dims).toEqual(expected.dims);
  expect(Math.max(...expected.values.map((value, i) => Math.abs(value - (data[i] ?? 0))))).toBeLessThan(1e-5);
}

/** A mask of the reference, which has a channel. */
const flat = ({ dims, values }: Expected): Expected => ({
  dims: dims.filter((side, i) => !(i === 1 && side === 1 && dims.length === 4)),
  values,
});

/** A VAE whose latent is the picture itself. */
const pixels: Autoencoder = {
  latent: { channels: 3, scale: 1, downscale: 8 },
  encode: (image) => Promise.resolve(toPlanes(image)),
  decode: () => Promise.reject(new Error('not here')),
};

describe('picture tools equal the reference', () => {
  it.each(reference.blended)('$mode with $other', async ({ mode, other, ...expected }) => {
    const blend_mode = blendModes.find((known) => known === mode) ?? 'normal';
    const inputs = { image1: a, image2: other === 'same' ? b : small, blend_factor: 0.7, blend_mode };
    expectTensor((await runNode(imageBlend, inputs, images)).outputs.IMAGE, expected);
  });

  it.each(reference.padded)(
    'padded by $sides',
    async ({ sides: [left = 0, top = 0, right = 0, bottom = 0, feathering = 0], image, mask }) => {
      const { outputs } = await runNode(padForOutpaint, { image: light([1, 8, 9, 3]), left, top, right, bottom, feathering });
      expectTensor(outputs.IMAGE, image);
      expectTensor(outputs.MASK, mask);
    },
  );

  it.each(reference.pasted)('composited at $at, $resize', async ({ at: [x = 0, y = 0], resize, masked, ...expected }) => {
    const mask = masked ? light([1, 3, 3], 5) : undefined;
    const { outputs } = await runNode(compositeMasked, { destination: a, source: small, x, y, resize_source: resize, mask });
    expectTensor(outputs.IMAGE, expected);
  });

  it.each(reference.cropped)('cropped at $at', async ({ at: [width = 0, height = 0, x = 0, y = 0], ...expected }) => {
    expectTensor((await runNode(imageCrop, { image: a, width, height, x, y })).outputs.IMAGE, expected);
  });

  it.each(reference.by)('scaled by $by', async ({ by, ...expected }) => {
    const { outputs } = await runNode(imageScaleBy, { image: small, upscale_method: 'bicubic', scale_by: by }, images);
    expectTensor(outputs.IMAGE, expected);
  });

  it('batches pictures at the size of the first', async () => {
    const { outputs } = await runNode(imageBatch, { image1: small, image2: a }, images);
    expect(outputs.IMAGE.dims).toEqual([3, 4, 5, 3]);
  });
});

describe('inpainting', () => {
  it.each(reference.inpaint)('encodes with a mask grown by $grow', async ({ grow, pixels: shown, mask }) => {
    const drawn = { dims: [1, 8, 8], data: ramp([1, 8, 8], 2).data.map((value) => Number(value > 0.9)) };
    const inputs = { pixels: light([1, 16, 16, 3]), vae: pixels, mask: drawn, grow_mask_by: grow };
    const { LATENT } = (await runNode(encodeForInpaint, inputs)).outputs;
    expectTensor(LATENT.samples, shown);
    if (LATENT.noiseMask === undefined) throw new Error('no mask');
    expectTensor(LATENT.noiseMask, flat(mask));
  });

  it('shows an inpainting network the picture with its hole', async () => {
    const expected = reference.inpaintModel;
    const prompt = [{ tokens: ramp([1, 2, 3]) }];
    const inputs = { positive: prompt, negative: prompt, vae: pixels, pixels: light([1, 16, 24, 3]), mask: light([1, 5, 5], 2) };
    const { outputs } = await runNode(inpaintConditioning, { ...inputs, noise_mask: true });
    const inpaint = outputs.negative[0]?.inpaint;
    if (inpaint === undefined || outputs.latent.noiseMask === undefined) throw new Error('no mask');
    expectTensor(inpaint.latent, expected.concat);
    expectTensor(inpaint.mask, flat(expected.mask));
    expectTensor(outputs.latent.samples, expected.latent);
    expectTensor(outputs.latent.noiseMask, flat(expected.noise));
    const free = await runNode(inpaintConditioning, { ...inputs, noise_mask: false });
    expect(free.outputs.latent.noiseMask).toBeUndefined();
  });

  it('cuts picture and mask alike to whole cells', async () => {
    const drawn = { dims: [1, 19, 21], data: new Float32Array(19 * 21) };
    drawn.data[1 * 21 + 2] = 1;
    const { LATENT } = (await runNode(encodeForInpaint, { pixels: light([1, 19, 21, 3]), vae: pixels, mask: drawn, grow_mask_by: 0 }))
      .outputs;
    expect(LATENT.samples.dims).toEqual([1, 3, 16, 16]);
    expect([LATENT.noiseMask?.dims, LATENT.noiseMask?.data[0], LATENT.samples.data[0]]).toEqual([[1, 16, 16], 1, 0.5]);
  });
});
