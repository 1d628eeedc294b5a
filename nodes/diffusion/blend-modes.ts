import type { Image } from '../kit/index.ts';

/** Ways to lay one picture over another. */
export const blendModes = ['normal', 'multiply', 'screen', 'overlay', 'soft_light', 'difference'] as const;
export type BlendMode = (typeof blendModes)[number];

const lighter = (x: number): number => (x <= 0.25 ? ((16 * x - 12) * x + 4) * x : Math.sqrt(x));

// The modes of the W3C's compositing specification, with 2·a·b below one half for overlay.
const modes: Readonly<Record<BlendMode, (below: number, above: number) => number>> = {
  normal: (_, above) => above,
  multiply: (below, above) => below * above,
  screen: (below, above) => 1 - (1 - below) * (1 - above),
  overlay: (below, above) => (below <= 0.5 ? 2 * below * above : 1 - 2 * (1 - below) * (1 - above)),
  soft_light: (below, above) =>
    above <= 0.5 ? below - (1 - 2 * above) * below * (1 - below) : below + (2 * above - 1) * (lighter(below) - below),
  difference: (below, above) => below - above,
};

/** `above` blended over `below`, both of one size, by a share of 0…1; a batch of one serves all items. Values are cut off to 0…1. */
export function blended(below: Image, above: Image, { mode, share }: { mode: BlendMode; share: number }): Image {
  const blend = modes[mode];
  const data = below.data.map((value, i) => {
    const mixed = value * (1 - share) + blend(value, above.data[i % above.data.length] ?? 0) * share;
    return Math.min(Math.max(mixed, 0), 1);
  });
  return { dims: below.dims, data };
}
