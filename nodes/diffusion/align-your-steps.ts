import type { Sigmas } from '../kit/index.ts';
import { roundHalfEven } from './rounding.ts';
import { logInterpolated, toZero } from './sigma-curves.ts';

/** The ten steps that were found best for a family of models (Sabour et al. 2024, “Align your steps”, the published values). */
const tables = {
  SD1: [
    14.6146412293, 6.4745760956, 3.8636745985, 2.694615152, 1.8841921177, 1.3943805092, 0.9642583904, 0.6523686016, 0.3977456272,
    0.1515232662, 0.0291671582,
  ],
  SDXL: [
    14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141, 0.5550693289, 0.3798540708, 0.2332364134,
    0.1114188177, 0.0291671582,
  ],
  SVD: [700, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002],
} as const;

/** The families that have a table. */
export const alignedFamilies = ['SD1', 'SDXL', 'SVD'] as const satisfies readonly (keyof typeof tables)[];

/** Noise levels for any number of steps, interpolated in log σ; `denoise` below 1 keeps that share of the steps. */
export function alignedSigmas(family: keyof typeof tables, { steps, denoise }: { steps: number; denoise: number }): Sigmas {
  if (denoise <= 0) return new Float32Array(0);
  const kept = roundHalfEven(steps * Math.min(denoise, 1));
  return toZero(
    logInterpolated(tables[family], steps + 1)
      .slice(-(kept + 1))
      .slice(0, -1),
  );
}
