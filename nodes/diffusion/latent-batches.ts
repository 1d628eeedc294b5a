import { concatBatch, type Latent, type Mask, type Tensor } from '../kit/index.ts';
import { sizedTo } from './latent-arithmetic.ts';
import { levelsOf } from './noisy-latents.ts';
import { repeatTo } from './planes.ts';
import { resamplePlanes } from './resample.ts';

/** A mask `[n, h, w]` at the size of a latent's cells. */
const inCells = (mask: Mask, { dims: [, , height = 0, width = 0] }: Tensor): Mask =>
  resamplePlanes(mask, { width, height, method: 'bilinear' });

/** The same change to the cells of a latent and to its mask, which is brought to the latent's cells first. */
export function changedCells(latent: Latent, change: (planes: Tensor) => Tensor): Latent {
  const { samples, noiseMask } = latent;
  const mask = noiseMask && { noiseMask: change(inCells(noiseMask, samples)) };
  return { ...latent, samples: change(samples), ...mask };
}

/** Which draw of the noise each item gets. */
const drawsOf = ({ batchIndex, samples }: Latent): readonly number[] =>
  batchIndex ?? Array.from({ length: samples.dims[0] ?? 0 }, (_, i) => i);

const levels = ({ noise, samples }: Latent): readonly number[] =>
  noise?.each ?? Array.from({ length: samples.dims[0] ?? 0 }, () => noise?.sigma ?? 0);

/** Two latents as one batch, the second at the size of the first; masks and noise of both stay with their items. */
export function joinedBatch(first: Latent, second: Latent): Latent {
  const form = (first.noise ?? second.noise)?.form;
  return {
    ...first,
    samples: concatBatch([first.samples, sizedTo(first, second)]),
    ...(form && { noise: levelsOf([...levels(first), ...levels(second)], form) }),
    ...joinedMasks(first, second),
    batchIndex: [...drawsOf(first), ...drawsOf(second)],
  };
}

/** Masks of both in the cells of the first; an item without one is made anew everywhere. */
function joinedMasks(first: Latent, second: Latent): Pick<Latent, 'noiseMask'> {
  if (first.noiseMask === undefined && second.noiseMask === undefined) return {};
  const masks = [first, second].map(({ noiseMask, samples }) => {
    const count = samples.dims[0] ?? 0;
    const [, , height = 0, width = 0] = first.samples.dims;
    if (noiseMask === undefined) return { dims: [count, height, width], data: new Float32Array(count * height * width).fill(1) };
    return repeatTo(inCells(noiseMask, first.samples), count);
  });
  return { noiseMask: concatBatch(masks) };
}

/** Items `start …` of a batch with what belongs to them; past the end as many as there are. */
export function takenFrom(latent: Latent, start: number, count: number): Latent {
  const batch = latent.samples.dims[0] ?? 0;
  const first = Math.min(batch - 1, start);
  const length = Math.min(batch - first, count);
  const items = Array.from({ length }, (_, i) => first + i);
  return chosenItems(
    latent,
    items,
    items.map((item) => drawsOf(latent)[item] ?? item),
  );
}

/** Items by their place, each with its draw of the noise. */
function chosenItems(latent: Latent, items: readonly number[], batchIndex: readonly number[] | undefined): Latent {
  const { samples, noise, noiseMask } = latent;
  const pick = (x: Tensor): Tensor => {
    const stride = x.data.length / (x.dims[0] ?? 1);
    const data = new Float32Array(items.length * stride);
    items.forEach((item, at) => {
      data.set(x.data.subarray(item * stride, (item + 1) * stride), at * stride);
    });
    return { dims: [items.length, ...x.dims.slice(1)], data };
  };
  const { batchIndex: _, ...rest } = latent;
  return {
    ...rest,
    samples: pick(samples),
    ...(noise?.each && {
      noise: levelsOf(
        items.map((item) => noise.each?.[item] ?? noise.sigma),
        noise.form,
      ),
    }),
    ...(noiseMask && (noiseMask.dims[0] ?? 1) > 1 && { noiseMask: pick(repeatTo(noiseMask, samples.dims[0] ?? 1)) }),
    ...(batchIndex && { batchIndex }),
  };
}

/** A batch several times in a row; known draws of the noise go on behind the highest. */
export function repeatedBatch(latent: Latent, times: number): Latent {
  const batch = latent.samples.dims[0] ?? 0;
  const items = Array.from({ length: batch * times }, (_, i) => i % batch);
  const draws = latent.batchIndex;
  const offset = draws === undefined ? 0 : Math.max(...draws) - Math.min(...draws) + 1;
  const next = draws && items.map((item, i) => (draws[item] ?? 0) + Math.floor(i / batch) * offset);
  return chosenItems(latent, items, next);
}
