import { GraphError, type Sigmas } from '../kit/index.ts';
import { type SigmaRange, spread, toZero } from './sigma-curves.ts';

/** A point of a curve: both 0…1. */
export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

const expected = 'write points as x:y with both from 0 to 1, such as 0:1, 0.4:0.5, 1:0';

/** Reads `x:y` points with commas or spaces between them, sorted by x. Throws `bad-value` for fewer than two, or for one that is none. */
export function curvePoints(text: string): readonly CurvePoint[] {
  const bad = (message: string): GraphError => new GraphError('bad-value', message, { place: { port: 'points' } });
  const points = text
    .split(/[\s,;]+/)
    .filter((word) => word !== '')
    .map((word) => {
      const [x = Number.NaN, y = Number.NaN, ...rest] = word.split(':').map((part) => (part === '' ? Number.NaN : Number(part)));
      if (rest.length === 0 && x >= 0 && x <= 1 && y >= 0 && y <= 1) return { x, y };
      throw bad(`“${word}” is no point of a curve: ${expected}.`);
    })
    .sort((a, b) => a.x - b.x);
  if (points.length < 2) throw bad(`A curve needs two points at least: ${expected}.`);
  const double = points.find(({ x }, i) => points[i + 1]?.x === x);
  if (double !== undefined) throw bad(`Two points of the curve have the same x, ${double.x}. Move one of them.`);
  return points;
}

/** Slopes at the points that keep the curve between its neighbours (Fritsch & Carlson 1980, harmonic mean). */
function slopes(points: readonly CurvePoint[]): number[] {
  const secants = points.slice(1).map(({ x, y }, i) => (y - (points[i]?.y ?? 0)) / (x - (points[i]?.x ?? 0)));
  return points.map((_, i) => {
    const [before, after] = [secants[i - 1], secants[i]];
    if (before === undefined) return after ?? 0;
    if (after === undefined) return before;
    return before * after <= 0 ? 0 : (2 * before * after) / (before + after);
  });
}

/** The smooth curve through the points, flat outside of them. */
export function drawnCurve(points: readonly CurvePoint[]): (x: number) => number {
  const rises = slopes(points);
  return (x) => {
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return 0;
    if (x <= first.x) return first.y;
    if (x >= last.x) return last.y;
    const i = points.findIndex((point) => point.x > x) - 1;
    const [a = first, b = last] = [points[i], points[i + 1]];
    const width = b.x - a.x;
    const t = (x - a.x) / width;
    const bend = (t - 1) ** 2 * t * width * (rises[i] ?? 0) + t ** 2 * (t - 1) * width * (rises[i + 1] ?? 0);
    return a.y + (b.y - a.y) * (3 * t ** 2 - 2 * t ** 3) + bend;
  };
}

/** `steps` levels and 0: the curve says how far up log σ goes from σ_min (0) to σ_max (1). Throws `bad-value` if it rises. */
export function drawnSigmas(points: readonly CurvePoint[], { sigmaMin, sigmaMax }: SigmaRange, steps: number): Sigmas {
  const curve = drawnCurve(points);
  const levels = spread(steps, 0, 1).map((x) => Math.exp(Math.log(sigmaMin) + curve(x) * Math.log(sigmaMax / sigmaMin)));
  const rises = levels.findIndex((level, i) => i > 0 && level > (levels[i - 1] ?? 0) * (1 + 1e-6));
  if (rises > 0) {
    throw new GraphError(
      'bad-value',
      `The curve rises between step ${rises - 1} and step ${rises}, but noise has to go down from step to step. Lower the later point.`,
      { place: { port: 'points' } },
    );
  }
  return toZero(levels);
}
