import { describe, expect, it } from 'vitest';
import { maskOperations } from '../../nodes/diffusion/masks.ts';
import type { Mask } from '../../nodes/kit/index.ts';
import cropMask from '../../nodes/mask/crop-mask.node.ts';
import featherMask from '../../nodes/mask/feather-mask.node.ts';
import growMask from '../../nodes/mask/grow-mask.node.ts';
import colourToMask from '../../nodes/mask/image-color-to-mask.node.ts';
import imageToMask from '../../nodes/mask/image-to-mask.node.ts';
import invertMask from '../../nodes/mask/invert-mask.node.ts';
import loadImageMask from '../../nodes/mask/load-image-mask.node.ts';
import maskComposite from '../../nodes/mask/mask-composite.node.ts';
import maskPreview from '../../nodes/mask/mask-preview.node.ts';
import maskToImage from '../../nodes/mask/mask-to-image.node.ts';
import solidMask from '../../nodes/mask/solid-mask.node.ts';
import thresholdMask from '../../nodes/mask/threshold-mask.node.ts';
import reference from '../reference/masks.json' with { type: 'json' };
import { ramp, runNode } from './node-runs.ts';

const soft = (dims: readonly number[], seed = 1): Mask => ({ dims, data: ramp(dims, seed).data.map((value) => value * 0.5 + 0.5) });
const sources: Readonly<Record<string, Mask>> = {
  wave: soft([2, 6, 7]),
  blob: { dims: [1, 9, 8], data: Float32Array.from(reference.blob) },
};
const furthest = ({ data }: Mask, values: readonly number[]): number =>
  data.length === values.length ? Math.max(...values.map((value, i) => Math.abs(value - (data[i] ?? 0)))) : Number.POSITIVE_INFINITY;

describe('masks equal the reference', () => {
  it.each(reference.grown)('$source grown by $expand, tapered $tapered', async ({ source, expand, tapered, values }) => {
    const mask = sources[source];
    if (mask === undefined) throw new Error(source);
    const { outputs } = await runNode(growMask, { mask, expand, tapered_corners: tapered });
    expect(furthest(outputs.MASK, values)).toBeLessThan(1e-6);
  });

  it.each(reference.feathered)('feathered by $sides', async ({ sides: [left = 0, top = 0, right = 0, bottom = 0], values }) => {
    const { outputs } = await runNode(featherMask, { mask: soft([2, 6, 7]), left, top, right, bottom });
    expect(furthest(outputs.MASK, values)).toBeLessThan(1e-6);
  });

  it.each(reference.combined)('$operation at $x, $y', async ({ operation, x, y, values }) => {
    const known = maskOperations.find((one) => one === operation);
    if (known === undefined) throw new Error(operation);
    const inputs = { destination: soft([2, 6, 7]), source: soft([1, 4, 5], 2), x, y, operation: known };
    expect(furthest((await runNode(maskComposite, inputs)).outputs.MASK, values)).toBeLessThan(1e-6);
  });
});

describe('mask nodes', () => {
  const picture = { dims: [1, 1, 2, 3], data: Float32Array.of(1, 0.5, 0, 0, 0.25, 1) };

  it('take a colour of a picture, and give it back as grey', async () => {
    const { outputs } = await runNode(imageToMask, { image: picture, channel: 'green' });
    expect(outputs.MASK).toEqual({ dims: [1, 1, 2], data: Float32Array.of(0.5, 0.25) });
    const grey = await runNode(maskToImage, { mask: outputs.MASK });
    expect(grey.outputs.IMAGE).toEqual({ dims: [1, 1, 2, 3], data: Float32Array.of(0.5, 0.5, 0.5, 0.25, 0.25, 0.25) });
    await expect(runNode(imageToMask, { image: picture, channel: 'alpha' })).rejects.toThrow(/Load image/);
  });

  it('find one colour', async () => {
    const { outputs } = await runNode(colourToMask, { image: picture, color: 0xff8000 });
    expect([...outputs.MASK.data]).toEqual([1, 0]);
  });

  it('make, invert, cut and harden masks', async () => {
    const { outputs: solid } = await runNode(solidMask, { value: 0.25, width: 3, height: 2 });
    expect(solid.MASK).toEqual({ dims: [1, 2, 3], data: new Float32Array(6).fill(0.25) });
    expect((await runNode(invertMask, { mask: solid.MASK })).outputs.MASK.data[0]).toBe(0.75);
    const numbered = { dims: [1, 2, 3], data: Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6) };
    const cut = await runNode(cropMask, { mask: numbered, x: 1, y: 1, width: 99, height: 1 });
    expect(cut.outputs.MASK).toEqual({ dims: [1, 1, 2], data: Float32Array.of(0.5, 0.6) });
    expect([...(await runNode(thresholdMask, { mask: numbered, value: 0.4 })).outputs.MASK.data]).toEqual([0, 0, 0, 0, 1, 1]);
  });

  it('show a mask', async () => {
    const { pictures, shown } = await runNode(maskPreview, { mask: soft([2, 4, 5]) });
    expect(pictures[0]?.dims).toEqual([2, 4, 5, 3]);
    expect(shown[0]).toMatchObject({ kind: 'images', files: [{ width: 5, height: 4 }, {}] });
  });

  it('load one from a file', async () => {
    const loaded = { image: picture, mask: { dims: [1, 1, 2], data: Float32Array.of(0, 0.5) } };
    const load = () => Promise.resolve(loaded);
    const alpha = await runNode(loadImageMask, { image: 'a.png', channel: 'alpha' }, { load });
    expect(alpha.outputs.MASK).toEqual(loaded.mask);
    expect(alpha.shown[0]).toMatchObject({ kind: 'images', files: [{ folder: 'input', name: 'a.png', width: 2, height: 1 }] });
    expect([...(await runNode(loadImageMask, { image: 'a.png', channel: 'red' }, { load })).outputs.MASK.data]).toEqual([1, 0]);
  });
});
