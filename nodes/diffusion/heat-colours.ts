type Colour = readonly [number, number, number];

/** Dark blue over violet and orange to pale yellow, of growing lightness, so that it also reads in grey. */
const stops: readonly Colour[] = [
  [0.03, 0.03, 0.16],
  [0.26, 0.06, 0.42],
  [0.58, 0.13, 0.4],
  [0.86, 0.3, 0.24],
  [0.98, 0.6, 0.13],
  [0.99, 0.96, 0.68],
];

/** The colour of a value 0…1 on a heat scale, each part 0…1; values beyond are cut off. */
export function heatColour(value: number): Colour {
  const place = Math.min(Math.max(value, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  const [a, b] = [stops[low] ?? [0, 0, 0], stops[low + 1] ?? [0, 0, 0]];
  const mix = (i: 0 | 1 | 2): number => a[i] + (b[i] - a[i]) * (place - low);
  return [mix(0), mix(1), mix(2)];
}

/** Values 0…1 as pixels, three numbers each. */
export function heatPixels(values: ArrayLike<number>): Float32Array {
  const pixels = new Float32Array(3 * values.length);
  for (let i = 0; i < values.length; i++) pixels.set(heatColour(values[i] ?? 0), 3 * i);
  return pixels;
}

/** Blue below zero, white at zero, red above; full colour at ±`reach`. */
export function signedPixels(values: ArrayLike<number>, reach: number): Float32Array {
  const pixels = new Float32Array(3 * values.length);
  for (let i = 0; i < values.length; i++) {
    const share = Math.min(Math.max((values[i] ?? 0) / reach, -1), 1);
    const faded = 1 - Math.abs(share);
    const [r, g, b] = share < 0 ? [0.13, 0.35, 0.72] : [0.76, 0.16, 0.14];
    pixels.set([r + (1 - r) * faded, g + (1 - g) * faded, b + (1 - b) * faded], 3 * i);
  }
  return pixels;
}
