import { describe, expect, it } from 'vitest';
import { resampleLanczos } from '../../nodes/diffusion/lanczos.ts';
import { toPixels, toPlanes } from '../../nodes/diffusion/planes.ts';
import { resamplePlanes } from '../../nodes/diffusion/resample.ts';
import { latentMethods, scaledPlanes } from '../../nodes/diffusion/scaled-planes.ts';
import type { Tensor } from '../../nodes/kit/index.ts';
import reference from '../reference/resampling.json' with { type: 'json' };
import { ramp } from './node-runs.ts';

const furthest = ({ data }: Tensor, values: readonly number[]): number =>
  data.length === values.length ? Math.max(...values.map((value, i) => Math.abs(value - (data[i] ?? 0)))) : Number.POSITIVE_INFINITY;
const light = ({ dims, data }: Tensor): Tensor => ({ dims, data: data.map((value) => Math.fround(value * 0.5) + 0.5) });

describe('resampling', () => {
  it.each(reference.cases)('$method of $dims to $size equals the reference', ({ method, dims, size: [height = 0, width = 0], values }) => {
    if (method === 'lanczos') {
      const pixels = toPlanes(resampleLanczos(toPixels(light(ramp(dims))), { width, height }));
      expect(furthest(pixels, values)).toBeLessThan(1e-5);
      return;
    }
    const known = latentMethods.find((one) => one === method);
    if (known === undefined) throw new Error(method);
    // Between nearly opposite vectors the reference's own rounding grows.
    const within = method === 'bislerp' ? 5e-5 : 1e-5;
    expect(furthest(scaledPlanes(ramp(dims), { width, height, method: known, crop: 'disabled' }), values)).toBeLessThan(within);
  });

  it('cuts to the middle as the reference does', () => {
    const cut = scaledPlanes(ramp([1, 1, 7, 12]), { width: 6, height: 6, method: 'nearest-exact', crop: 'center' });
    expect(furthest(cut, reference.cropped)).toBeLessThan(1e-6);
  });

  it('reads the same pixels far to the right of a large picture', () => {
    const row = { dims: [1, 1, 1, 9001], data: Float32Array.from({ length: 9001 }, (_, i) => i) };
    const { data } = resamplePlanes(row, { width: 16_001, height: 1, method: 'nearest-exact' });
    expect(data.reduce((sum, value) => sum + value, 0)).toBe(reference.wide.sum);
    expect([...data.slice(-50)]).toEqual(reference.wide.tail);
  });

  it('turns a picture into planes and back', () => {
    const picture = ramp([2, 3, 4, 3]);
    expect(toPixels(toPlanes(picture))).toEqual(picture);
    expect(toPlanes(picture).data[12]).toBe(picture.data[1]);
  });
});
