import {
  type Conditionings,
  type Control,
  type ControlResiduals,
  combine,
  concatBatch,
  type DiffusionModel,
  type ModelSampling,
  type NetworkInput,
  type Tensor,
} from '../kit/index.ts';
import { centred, cutRegion } from './latent-regions.ts';
import { repeatTo, toPlanes } from './planes.ts';
import type { Region } from './prompt-parts.ts';

/**
 * Gives the other sides what acts on both: prompts of theirs without a rectangle get the ControlNets of the wanted ones in turn, unless one of them has its own.
 */
export function onBothSides(sides: readonly Conditionings[]): readonly Conditionings[] {
  const [wanted = [], ...others] = sides;
  const shared = wanted.flatMap(({ controls, area }) => {
    const both = controls?.filter(({ bothSides }) => bothSides === true) ?? [];
    return area === undefined && both.length > 0 ? [both] : [];
  });
  const given = others.map((side) => {
    if (shared.length === 0 || side.some(({ controls, area }) => controls !== undefined && area === undefined)) return side;
    let next = 0;
    return side.map((one) => {
      const controls = one.area === undefined ? shared[next++] : undefined;
      return controls === undefined ? one : { ...one, controls };
    });
  });
  return [wanted, ...given];
}

/** Those of a prompt's ControlNets that act at a noise level. */
export const controlsAt = (controls: readonly Control[], sigma: number, { percentToSigma }: ModelSampling): readonly Control[] =>
  controls.filter(({ start, end, strength }) => strength !== 0 && sigma <= percentToSigma(start) && sigma >= percentToSigma(end));

/** What a run of the network is about: each part's cells of the latent, and the size of the whole in cells. */
export interface ControlledRun {
  readonly regions: readonly (Region | undefined)[];
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

/** The picture of a ControlNet for a run `[parts · b, 3, 8h, 8w]`: fitted to the whole picture, of which a part with a rectangle sees its own piece. */
export function hintOf(
  { image }: Control,
  { regions, batch, height, width }: ControlledRun,
  { latent: { downscale } }: DiffusionModel,
): Tensor {
  const planes = centred(toPlanes(image), { height: height * downscale, width: width * downscale, method: 'nearest-exact' });
  const pieces = regions.map((region) => {
    if (region === undefined) return planes;
    const { x, y, width: columns, height: rows } = region;
    return cutRegion(planes, { x: x * downscale, y: y * downscale, width: columns * downscale, height: rows * downscale });
  });
  return concatBatch(pieces.map((piece) => repeatTo(piece, batch)));
}

const added = (a: ControlResiduals, b: ControlResiduals): ControlResiduals => ({
  down: a.down.map((one, i) => {
    const other = b.down[i];
    return other === undefined ? one : combine(1, one, 1, other);
  }),
  middle: combine(1, a.middle, 1, b.middle),
});

/** What all of these ControlNets add to one run of the network; nothing if there is none. */
export async function residualsOf(
  controls: readonly Control[],
  input: NetworkInput,
  hints: readonly Tensor[],
): Promise<ControlResiduals | undefined> {
  let sum: ControlResiduals | undefined;
  for (const [i, { network, strength }] of controls.entries()) {
    const hint = hints[i];
    if (hint === undefined) continue;
    const own = await network.residuals(input, hint, strength);
    sum = sum === undefined ? own : added(sum, own);
  }
  return sum;
}

/** Each prompt with one ControlNet more; strength 0 changes nothing. */
export const withControl = (prompts: Conditionings, control: Control): Conditionings =>
  control.strength === 0 ? prompts : prompts.map((one) => ({ ...one, controls: [...(one.controls ?? []), control] }));
