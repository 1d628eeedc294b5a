import type { Curve, Plot } from '../kit/index.ts';

/** y at each of `wanted`, on straight lines between the points; NaN outside. `x` ascends. */
function interpolated({ x, y }: { x: readonly number[]; y: readonly number[] }, wanted: readonly number[]): number[] {
  return wanted.map((place) => {
    const after = x.findIndex((value) => value >= place);
    if (after < 0 || (after === 0 && (x[0] ?? 0) > place)) return Number.NaN;
    const [x1 = 0, y1 = Number.NaN] = [x[after], y[after]];
    if (x1 === place || after === 0) return y1;
    const [x0 = 0, y0 = Number.NaN] = [x[after - 1], y[after - 1]];
    return y0 + ((y1 - y0) * (place - x0)) / (x1 - x0);
  });
}

const same = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((value, i) => value === b[i]);

/** Plots as the panels of one drawing over the x of the first; `log` draws log₁₀ of what is above 0. */
export function joinedPlots(plots: readonly Plot[], { title, log }: { title: string; log: boolean }): Plot {
  const x = plots[0]?.x ?? [];
  const drawn = (curve: Curve, own: readonly number[]): Curve => {
    const y = same(own, x) ? curve.y : interpolated({ x: own, y: curve.y }, x);
    return { label: curve.label, y: log ? y.map((value) => (value > 0 ? Math.log10(value) : Number.NaN)) : y };
  };
  const panels = plots.flatMap((plot) =>
    plot.panels.map(({ label, curves }) => ({
      label: log ? `log₁₀ ${label}` : label,
      curves: curves.map((curve) => drawn(curve, plot.x)),
    })),
  );
  return { title: title === '' ? (plots[0]?.title ?? '') : title, xLabel: plots[0]?.xLabel ?? '', x, panels };
}
