import type { NoiseStream, PointMixture, Tensor } from '../kit/index.ts';

/** Outlines along which points are strewn. */
export const pointShapes = ['drop', 'ring', 'two moons', 'spiral', 'four heaps'] as const;
export type PointShape = (typeof pointShapes)[number];

type Place = readonly [number, number];

/** A place on the outline for 0 ≤ u < 1; all lie within about 1.5 of the middle. */
const outlines: Readonly<Record<PointShape, (u: number) => Place>> = {
  drop: (u) => {
    const angle = 2 * Math.PI * u;
    return [1.05 * Math.sin(angle) * Math.sin(angle / 2) ** 1.6, 1.3 * Math.cos(angle)];
  },
  ring: (u) => [1.3 * Math.cos(2 * Math.PI * u), 1.3 * Math.sin(2 * Math.PI * u)],
  'two moons': (u) => {
    const angle = 2 * Math.PI * (u % 0.5);
    return u < 0.5 ? [Math.cos(angle) - 0.5, Math.sin(angle) - 0.25] : [0.5 - Math.cos(angle), 0.25 - Math.sin(angle)];
  },
  spiral: (u) => {
    const angle = 1.2 * Math.PI + 3.4 * Math.PI * Math.sqrt(u);
    return [(angle / 10) * Math.cos(angle), (angle / 10) * Math.sin(angle)];
  },
  'four heaps': (u) => {
    const corner = Math.floor(4 * u);
    return [corner % 2 === 0 ? -1 : 1, corner < 2 ? -1 : 1];
  },
};

/** How many heaps stand along an outline; enough that they run into one another. */
const heaps = 96;

/** Equal round heaps along an outline. */
export function mixtureAlong(shape: PointShape, spread: number): PointMixture {
  const centres = new Float64Array(2 * heaps);
  for (let k = 0; k < heaps; k++) centres.set(outlines[shape]((k + 0.5) / heaps), 2 * k);
  return { centres, spread };
}

/** `count` points of a mixture as `[1, 2, 1, count]`: all x, then all y; in the order of the heaps. */
export function pointsOf({ centres, spread }: PointMixture, count: number, draw: NoiseStream): Tensor {
  const { dims, data: noise } = draw([1, 2, 1, count]);
  const data = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const heap = Math.floor((i * (centres.length / 2)) / count);
    data[i] = (centres[2 * heap] ?? 0) + spread * (noise[i] ?? 0);
    data[i + count] = (centres[2 * heap + 1] ?? 0) + spread * (noise[i + count] ?? 0);
  }
  return { dims, data };
}
