import {
  type Conditioning,
  type Conditionings,
  combine,
  concatBatch,
  type Denoise,
  type DenoiseBoth,
  type DiffusionModel,
  GraphError,
  type Guider,
  sizeOf,
  sliceBatch,
  type Tensor,
} from '../kit/index.ts';
import { denoisedFrom, networkInput } from './parameterisation.ts';

/** Classifier-free guidance (Ho & Salimans 2022): u + cfg·(c − u). */
export interface Guidance {
  readonly positive: Conditionings;
  readonly negative: Conditionings;
  readonly cfg: number;
}

/** Prompts of other lengths are repeated to a common one up to this factor, so that they fit one batch. */
const mostRepeats = 4;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
const tokensOf = (conditioning: Conditioning): number => conditioning.tokens.dims[1] ?? 0;

/** `[1, t, w]` → `[1, t·times, w]`; attention over repeated tokens is attention over the tokens. */
function repeatTokens({ dims: [, tokens = 0, width = 0], data }: Tensor, times: number): Tensor {
  const repeated = new Float32Array(data.length * times);
  for (let i = 0; i < times; i++) repeated.set(data, i * data.length);
  return { dims: [1, tokens * times, width], data: repeated };
}

/** `[1, …]` → `[batch, …]`. */
const repeatBatch = (x: Tensor, batch: number): Tensor => (batch === 1 ? x : concatBatch(Array.from({ length: batch }, () => x)));

/** Groups prompts that can share one run, each group brought to one token count; identical requests to the network are its caller's affair. */
function groupsOf(conditionings: readonly Conditioning[]): { members: number[]; tokens: number }[] {
  const groups: { members: number[]; tokens: number; shortest: number }[] = [];
  conditionings.forEach((conditioning, index) => {
    const own = tokensOf(conditioning);
    const pooled = conditioning.pooled !== undefined;
    const group = groups.find(({ members, tokens, shortest }) => {
      const common = (tokens / gcd(tokens, own)) * own;
      const first = members[0] === undefined ? undefined : conditionings[members[0]];
      return common <= mostRepeats * Math.min(shortest, own) && (first?.pooled !== undefined) === pooled;
    });
    if (group === undefined) groups.push({ members: [index], tokens: own, shortest: own });
    else {
      group.members.push(index);
      group.tokens = (group.tokens / gcd(group.tokens, own)) * own;
      group.shortest = Math.min(group.shortest, own);
    }
  });
  return groups;
}

/** One run of the network: which prompts it serves, and their features as one batch. */
interface Batch {
  readonly members: readonly number[];
  readonly tokens: Tensor;
  readonly pooled?: Tensor;
}

/** The runs that serve all prompts for `batch` pictures; the same at every step. */
function batchesOf(conditionings: readonly Conditioning[], batch: number): Batch[] {
  return groupsOf(conditionings).map(({ members, tokens }) => {
    const chosen = members.flatMap((index) => conditionings[index] ?? []);
    const pooled = chosen.flatMap((conditioning) => conditioning.pooled ?? []);
    return {
      members,
      tokens: concatBatch(chosen.map((one) => repeatBatch(repeatTokens(one.tokens, tokens / tokensOf(one)), batch))),
      ...(pooled.length === 0 ? {} : { pooled: concatBatch(pooled.map((one) => repeatBatch(one, batch))) }),
    };
  });
}

/** x̂₀ for each prompt, all that fit in one run of the network. `x` is `[b, c, h, w]`; so is each result. */
function denoiseEach(model: DiffusionModel, conditionings: readonly Conditioning[]): (x: Tensor, sigma: number) => Promise<Tensor[]> {
  let prepared: { batch: number; batches: Batch[] } | undefined;
  return async (x, sigma) => {
    const batch = x.dims[0] ?? 1;
    if (prepared?.batch !== batch) prepared = { batch, batches: batchesOf(conditionings, batch) };
    const sample = networkInput(x, sigma, model.sampling);
    const timestep = model.sampling.timestep(sigma);
    const results: Tensor[] = [];
    for (const { members, ...features } of prepared.batches) {
      const output = await model.predict({ sample: repeatBatch(sample, members.length), timestep, ...features });
      members.forEach((index, i) => {
        results[index] = denoisedFrom(sliceBatch(output, i * batch, batch), { x, sigma, sampling: model.sampling });
      });
    }
    return results;
  };
}

function mean(parts: readonly Tensor[]): Tensor {
  const first = parts[0];
  if (first === undefined) throw new GraphError('internal', 'The network gave no prediction to average.');
  return parts.slice(1).reduce((sum, part, i) => combine((i + 1) / (i + 2), sum, 1 / (i + 2), part), first);
}

/** Names the prompt side and what to do if it cannot drive this model. */
function checkWidths(side: string, conditionings: Conditionings): void {
  if (conditionings.length === 0) throw new GraphError('missing-input', `The ${side} conditioning is empty: wire a text encoder to it.`);
  for (const { tokens } of conditionings) {
    if (tokens.dims.length !== 3 || sizeOf(tokens.dims) === 0) {
      throw new GraphError('size-mismatch', `The ${side} conditioning has shape [${tokens.dims.join(', ')}], expected [1, tokens, width].`);
    }
  }
}

/** The model's guess of x₀ with no guidance: the mean over all prompts. */
export function conditioned(model: DiffusionModel, conditionings: Conditionings): Denoise {
  checkWidths('positive', conditionings);
  const each = denoiseEach(model, conditionings);
  return async (x, sigma) => mean(await each(x, sigma));
}

/** The guess of both prompts together and of the unwanted one alone; both sides are run whatever cfg is. */
export function guidedBoth(model: DiffusionModel, { positive, negative, cfg }: Guidance): DenoiseBoth {
  checkWidths('positive', positive);
  checkWidths('negative', negative);
  const each = denoiseEach(model, [...positive, ...negative]);
  return async (x, sigma) => {
    const all = await each(x, sigma);
    const wanted = mean(all.slice(0, positive.length));
    const unwanted = mean(all.slice(positive.length));
    return { denoised: combine(cfg, wanted, 1 - cfg, unwanted), unwanted };
  };
}

/** The guided denoiser. At cfg 1 the negative side is not run at all. */
export function guided(model: DiffusionModel, guidance: Guidance): Denoise {
  if (Math.abs(guidance.cfg - 1) < 1e-9) return conditioned(model, guidance.positive);
  const both = guidedBoth(model, guidance);
  return async (x, sigma) => (await both(x, sigma)).denoised;
}

/** A model with its prompts, as samplers take it. */
export function cfgGuider(model: DiffusionModel, guidance: Guidance): Guider {
  let both: DenoiseBoth | undefined;
  return {
    model,
    denoise: guided(model, guidance),
    async denoiseBoth(x, sigma) {
      both ??= guidedBoth(model, guidance);
      return both(x, sigma);
    },
  };
}
