/** Red, green and blue, 0…255. */
type Rgb = readonly [number, number, number];

const channel = (hex: string, at: number): number => Number.parseInt(hex.slice(at, at + 2), 16);

/** Reads `#rrggbb`. */
const toRgb = (hex: string): Rgb => [channel(hex, 1), channel(hex, 3), channel(hex, 5)];

const toHex = (rgb: Rgb): string => `#${rgb.map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`;

/** Relative luminance, 0…1 (WCAG 2.2). */
export function luminance(hex: string): number {
  const [r, g, b] = toRgb(hex);
  const linear = (value: number): number => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

/** Contrast of two colours, 1…21 (WCAG 2.2). */
export function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** `share` of `b` in `a`; both `#rrggbb`. */
export function mix(a: string, b: string, share: number): string {
  const [from, to] = [toRgb(a), toRgb(b)];
  const blend = (at: 0 | 1 | 2): number => from[at] + (to[at] - from[at]) * share;
  return toHex([blend(0), blend(1), blend(2)]);
}

/** The colour, darkened as little as gives it `ratio` on a background. */
export function darkenTo(colour: string, background: string, ratio: number): string {
  for (let share = 0; share < 1; share += 0.02) {
    const darker = mix(colour, '#000000', share);
    if (contrast(darker, background) >= ratio) return darker;
  }
  return '#000000';
}

/** `rgba(…)` of a colour. */
export function withAlpha(hex: string, alpha: number): string {
  return `rgba(${toRgb(hex).join(', ')}, ${alpha})`;
}
