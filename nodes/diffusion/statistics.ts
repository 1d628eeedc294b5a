import { combine, type Tensor } from '../kit/index.ts';

/** Mean, standard deviation (over n) and range of a list of numbers. */
export interface Moments {
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
}

/** The moments of all elements. */
export function momentsOf(data: ArrayLike<number>): Moments {
  let [sum, min, max] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < data.length; i++) {
    const value = data[i] ?? 0;
    sum += value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const mean = sum / data.length;
  let squares = 0;
  for (let i = 0; i < data.length; i++) squares += ((data[i] ?? 0) - mean) ** 2;
  return { mean, std: Math.sqrt(squares / data.length), min, max };
}

/** Where a histogram's bars stand: `bins` of equal width from `low` to `high`. */
export interface HistogramRange {
  readonly low: number;
  readonly high: number;
  readonly bins: number;
}

/** The middles of the bars. */
export const binMiddles = ({ low, high, bins }: HistogramRange): number[] =>
  Array.from({ length: bins }, (_, i) => low + ((i + 0.5) * (high - low)) / bins);

/** A histogram as a density: its integral over the range is the share of values inside. */
export function densityOf(data: ArrayLike<number>, { low, high, bins }: HistogramRange): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < data.length; i++) {
    const bin = Math.floor((((data[i] ?? 0) - low) / (high - low)) * bins);
    if (bin >= 0 && bin < bins) counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.map((count) => (count * bins) / (data.length * (high - low)));
}

/** Mean of the squared differences of two tensors of one shape. */
export function meanSquaredError(a: Tensor, b: Tensor): number {
  const { data } = combine(1, a, -1, b);
  return data.reduce((sum, difference) => sum + difference * difference, 0) / data.length;
}

/** Peak signal-to-noise ratio in dB for values 0…1; infinite for equal pictures. */
export const peakSignalToNoise = (squaredError: number): number => -10 * Math.log10(squaredError);
