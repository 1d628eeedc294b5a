import { combine, type Denoise, GraphError, type Sigmas, type Tensor, weightedSum } from '../../kit/index.ts';
import { impliedNoise } from '../parameterisation.ts';

/** The single steps of DPM-Solver in t = −ln σ (Lu et al. 2022, algorithms 1 and 2); `eps` is the noise at the start of the step. */
export interface DpmSteps {
  noise(x: Tensor, t: number): Promise<Tensor>;
  first(x: Tensor, eps: Tensor, span: Span): Tensor;
  /** The noise a share r of the way on. */
  ahead(x: Tensor, eps: Tensor, span: Span & { readonly r: number }): Promise<Tensor>;
  second(x: Tensor, eps: Tensor, span: Span & { readonly r: number; readonly ahead: Tensor }): Tensor;
  /** With the noise at a third of the way given, asks for that at two thirds. */
  third(x: Tensor, eps: Tensor, span: Span & { readonly ahead: Tensor }): Promise<Tensor>;
}

/** From t to t + h. */
export interface Span {
  readonly t: number;
  readonly h: number;
}

const sigmaAt = (t: number): number => Math.exp(-t);

export function dpmSteps(denoise: Denoise): DpmSteps {
  const noise = async (x: Tensor, t: number): Promise<Tensor> => impliedNoise(x, await denoise(x, sigmaAt(t)), sigmaAt(t));
  const first = (x: Tensor, eps: Tensor, { t, h }: Span): Tensor => combine(1, x, -sigmaAt(t + h) * Math.expm1(h), eps);
  return {
    noise,
    first,
    ahead: async (x, eps, { t, h, r }) => noise(first(x, eps, { t, h: r * h }), t + r * h),
    second(x, eps, { t, h, r, ahead }) {
      const factor = sigmaAt(t + h) * Math.expm1(h);
      return weightedSum([1, x], [-factor + factor / (2 * r), eps], [-factor / (2 * r), ahead]);
    },
    async third(x, eps, { t, h, ahead }) {
      const [r1, r2] = [1 / 3, 2 / 3];
      const near = sigmaAt(t + r2 * h);
      const bend = near * (r2 / r1) * (Math.expm1(r2 * h) / (r2 * h) - 1);
      const there = weightedSum([1, x], [-near * Math.expm1(r2 * h) + bend, eps], [-bend, ahead]);
      const last = await noise(there, t + r2 * h);
      const end = sigmaAt(t + h);
      const turn = (end / r2) * (Math.expm1(h) / h - 1);
      return weightedSum([1, x], [-end * Math.expm1(h) + turn, eps], [-turn, last]);
    },
  };
}

/** From where to where DPM-Solver goes, in t: the last level above 0 is the end. Throws `bad-value` where that is no way at all. */
export function dpmSpan(sigmas: Sigmas, sampler: string): { start: number; end: number } {
  const last = sigmas.at(-1) === 0 ? sigmas.at(-2) : sigmas.at(-1);
  const [start, end] = [-Math.log(sigmas[0] ?? 0), -Math.log(last ?? 0)];
  if (end > start) return { start, end };
  throw new GraphError(
    'bad-value',
    `${sampler} goes from the first noise level down to the last one above 0, and these are the same. Take two steps at least.`,
  );
}
