import {
  type Conditionings,
  type Control,
  type DiffusionModel,
  GraphError,
  type NetworkInput,
  type Surroundings,
  sizeOf,
  sliceBatch,
  type Tensor,
  zeros,
} from '../kit/index.ts';
import { controlsAt, hintOf, onBothSides, residualsOf } from './controls.ts';
import { inpaintChannels } from './inpaint-channels.ts';
import { cutRegion, weightedCells } from './latent-regions.ts';
import { networkBatch } from './network-batch.ts';
import { denoisedFrom, inputScale } from './parameterisation.ts';
import { type PromptBatch, promptBatches } from './prompt-batches.ts';
import { type PromptPart, promptParts } from './prompt-parts.ts';

/** x̂₀ of each side for x `[b, c, h, w]`; so is each result. */
export type SideGuesses = (x: Tensor, sigma: number, around?: Surroundings) => Promise<Tensor[]>;

/** Throws `missing-input` or `size-mismatch` naming the side if it cannot drive a network. */
export function checkPrompts(side: string, conditionings: Conditionings): void {
  if (conditionings.length === 0) throw new GraphError('missing-input', `The ${side} conditioning is empty: wire a text encoder to it.`);
  for (const { tokens } of conditionings) {
    if (tokens.dims.length !== 3 || sizeOf(tokens.dims) === 0) {
      throw new GraphError('size-mismatch', `The ${side} conditioning has shape [${tokens.dims.join(', ')}], expected [1, tokens, width].`);
    }
  }
}

/** Everything about a run that does not change from step to step, for one shape of x. */
interface Prepared {
  readonly shape: string;
  readonly around: Surroundings | undefined;
  readonly parts: readonly (PromptPart & { readonly side: number; readonly extra?: Tensor })[];
  /** The runs of the network for a set of parts that act. */
  readonly batches: Map<string, { active: readonly number[]; batches: readonly PromptBatch[] }>;
  /** What a run of the network was fed, to be written over at the next step. */
  readonly inputs: Map<PromptBatch, Tensor>;
  /** The pictures of the ControlNets of a run. */
  readonly hints: Map<PromptBatch, readonly Tensor[]>;
}

const wantedAesthetic = 6;
const unwantedAesthetic = 2.5;

/** The prompts of each side, the wanted one first, and how many of the sides the network is asked for; the others only say where they act. */
export interface Sides {
  readonly prompts: readonly Conditionings[];
  readonly asked: number;
}

function prepare(
  model: DiffusionModel,
  { prompts, asked }: Sides,
  { dims, around }: { dims: readonly number[]; around?: Surroundings | undefined },
): Prepared {
  const [batch = 0, channels = 0, height = 0, width = 0] = dims;
  const sides = promptParts(onBothSides(prompts), model.sampling, { height, width }).slice(0, asked);
  const parts = sides.flatMap((side, index) =>
    side.map((part) => {
      if (!model.inpaints) return { ...part, side: index };
      const all = inpaintChannels(part.conditioning, model, { dims: [batch, channels, height, width], around });
      return { ...part, side: index, extra: part.region ? cutRegion(all, part.region) : all };
    }),
  );
  return { shape: dims.join(), around, parts, batches: new Map(), inputs: new Map(), hints: new Map() };
}

const all = ({ parts }: Prepared, index: number): readonly Control[] => parts[index]?.conditioning.controls ?? [];

/** The parts that act at a noise level, and the runs that serve them. */
function acting(prepared: Prepared, sigma: number, { model, dims }: { model: DiffusionModel; dims: readonly number[] }) {
  const active = prepared.parts.flatMap(({ from, to }, index) => (sigma <= from && sigma >= to ? [index] : []));
  const controls = active.map((index) => controlsAt(all(prepared, index), sigma, model.sampling));
  const key = active.map((index, i) => [index, ...all(prepared, index).map((one) => Number(controls[i]?.includes(one)))].join('/')).join();
  const known = prepared.batches.get(key);
  if (known !== undefined) return known;
  const [batch = 1, , height = 0, width = 0] = dims;
  const [targetHeight, targetWidth] = [height * model.latent.downscale, width * model.latent.downscale];
  const chosen = active.flatMap((index, i) => {
    const part = prepared.parts[index];
    return part === undefined ? [] : [{ ...part, controls: controls[i] ?? [] }];
  });
  const sizes = chosen.map(({ side }) => ({
    ...{ height: targetHeight, width: targetWidth, cropTop: 0, cropLeft: 0, targetHeight, targetWidth },
    aesthetic: side === 0 ? wantedAesthetic : unwantedAesthetic,
  }));
  const found = { active, batches: promptBatches(chosen, { batch, sizes }) };
  prepared.batches.set(key, found);
  return found;
}

/** The guesses of each side joined: the mean over its prompts, weighted cell by cell where they have areas or masks. */
function joinSide(guesses: readonly { part: PromptPart; guess: Tensor }[], dims: readonly number[]): Tensor {
  const [only] = guesses;
  if (only === undefined) return zeros(dims);
  if (guesses.length === 1 && only.part.region === undefined && typeof only.part.weight === 'number' && only.part.weight !== 0)
    return only.guess;
  const cells = weightedCells(dims);
  for (const { part, guess } of guesses) cells.add(guess, part.weight, part.region);
  return cells.mean();
}

/** A run of the network: the parts that it serves, their cells of x, and what it is told. */
interface NetworkRun {
  readonly run: PromptBatch;
  readonly parts: readonly PromptPart[];
  readonly cut: readonly Tensor[];
  readonly input: NetworkInput;
}

/** The same run with what its ControlNets add. They see x alone, without the channels of an inpainting network. */
async function steered(
  { run, parts, cut, input }: NetworkRun,
  ready: Prepared,
  at: { model: DiffusionModel; x: Tensor; factor: number },
): Promise<NetworkInput> {
  if (run.controls.length === 0) return input;
  const [batch = 1, , height = 0, width = 0] = at.x.dims;
  const about = { regions: parts.map(({ region }) => region), batch, height, width };
  const hints = ready.hints.get(run) ?? run.controls.map((control) => hintOf(control, about, at.model));
  ready.hints.set(run, hints);
  const sample = at.model.inpaints ? networkBatch({ shown: cut, factor: at.factor, extra: [] }) : input.sample;
  const control = await residualsOf(run.controls, { ...input, sample }, hints);
  return control === undefined ? input : { ...input, control };
}

/** Asks the network for the sides, as many prompts in one run as fit. A side whose prompts do not act at a level guesses 0, as ComfyUI does. */
export function sideGuesses(model: DiffusionModel, sides: Sides): SideGuesses {
  let prepared: Prepared | undefined;
  return async (x, sigma, around) => {
    const { dims } = x;
    if (prepared?.shape !== dims.join() || prepared.around !== around) prepared = prepare(model, sides, { dims, around });
    const ready = prepared;
    const { active, batches } = acting(ready, sigma, { model, dims });
    const batch = dims[0] ?? 1;
    const timestep = model.sampling.timestep(sigma);
    const found: { part: Prepared['parts'][number]; guess: Tensor }[] = [];
    for (const run of batches) {
      const parts = run.members.flatMap((member) => ready.parts[active[member] ?? -1] ?? []);
      const cut = parts.map(({ region }) => (region === undefined ? x : cutRegion(x, region)));
      const extra = parts.flatMap((part) => part.extra ?? []);
      const factor = inputScale(model.sampling, sigma);
      const sample = networkBatch({ shown: cut, factor, extra }, ready.inputs.get(run));
      // Lent to this run alone: another that goes on meanwhile makes its own.
      ready.inputs.delete(run);
      const input = { sample, timestep, ...run.features };
      const output = await model.predict(await steered({ run, parts, cut, input }, ready, { model, x, factor }));
      ready.inputs.set(run, sample);
      for (const [i, part] of parts.entries()) {
        const at = { x: cut[i] ?? x, sigma, sampling: model.sampling };
        found.push({ part, guess: denoisedFrom(sliceBatch(output, i * batch, batch), at) });
      }
    }
    return Array.from({ length: sides.asked }, (_, side) =>
      joinSide(
        found.filter(({ part }) => part.side === side),
        dims,
      ),
    );
  };
}
