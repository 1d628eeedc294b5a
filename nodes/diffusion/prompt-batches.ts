import { type Conditioning, type Control, concatBatch, type NetworkInput, type Tensor } from '../kit/index.ts';
import type { PromptPart } from './prompt-parts.ts';

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

interface Group {
  readonly members: number[];
  tokens: number;
  shortest: number;
}

const sameControls = ({ controls: a = [] }: PromptPart, { controls: b = [] }: PromptPart): boolean =>
  a.length === b.length && a.every((control, i) => control === b[i]);

/** Can two prompts share a run but for their lengths: cells of one size, both or neither pooled, and the same ControlNets? */
const alike = (a: PromptPart, b: PromptPart): boolean =>
  a.region?.width === b.region?.width &&
  a.region?.height === b.region?.height &&
  (a.conditioning.pooled === undefined) === (b.conditioning.pooled === undefined) &&
  a.conditioning.tokens.dims[2] === b.conditioning.tokens.dims[2] &&
  sameControls(a, b);

/** Groups prompts that can share one run, each group brought to one token count. */
function groupsOf(parts: readonly PromptPart[]): readonly Group[] {
  const groups: Group[] = [];
  for (const [index, part] of parts.entries()) {
    const own = tokensOf(part.conditioning);
    const group = groups.find(({ members: [first = 0], tokens, shortest }) => {
      const common = (tokens / gcd(tokens, own)) * own;
      const other = parts[first];
      return common <= mostRepeats * Math.min(shortest, own) && other !== undefined && alike(other, part);
    });
    if (group === undefined) groups.push({ members: [index], tokens: own, shortest: own });
    else {
      group.members.push(index);
      group.tokens = (group.tokens / gcd(group.tokens, own)) * own;
      group.shortest = Math.min(group.shortest, own);
    }
  }
  return groups;
}

/** One run of the network: which prompts it serves, and what they tell it, as one batch. */
export interface PromptBatch {
  readonly members: readonly number[];
  readonly features: Pick<NetworkInput, 'tokens' | 'pooled' | 'sizes'>;
  readonly controls: readonly Control[];
}

/** What the network is told of the picture where a prompt says nothing: the size of the run, in pixels. */
export type DefaultSize = NonNullable<NetworkInput['sizes']>[number];

/** The runs that serve all prompts for `batch` pictures; the same at every step. */
export function promptBatches(
  parts: readonly PromptPart[],
  { batch, sizes }: { batch: number; sizes: readonly DefaultSize[] },
): readonly PromptBatch[] {
  return groupsOf(parts).map(({ members, tokens }) => {
    const chosen = members.flatMap((index) => parts[index]?.conditioning ?? []);
    const pooled = chosen.flatMap((one) => one.pooled ?? []);
    const told = members.flatMap((index) => {
      const { size, aesthetic } = parts[index]?.conditioning ?? {};
      const standard = sizes[index];
      return standard === undefined ? [] : [{ ...standard, ...size, ...(aesthetic === undefined ? {} : { aesthetic }) }];
    });
    return {
      members,
      controls: parts[members[0] ?? -1]?.controls ?? [],
      features: {
        tokens: concatBatch(chosen.map((one) => repeatBatch(repeatTokens(one.tokens, tokens / tokensOf(one)), batch))),
        sizes: told.flatMap((size) => Array.from({ length: batch }, () => size)),
        ...(pooled.length === 0 ? {} : { pooled: concatBatch(pooled.map((one) => repeatBatch(one, batch))) }),
      },
    };
  });
}
