import { combine, scale, type Tensor } from '../kit/index.ts';
import { torchNormal } from './random.ts';
import { roundHalfEven } from './rounding.ts';
import { seedState } from './seed-sequence.ts';

/** A piece of the path: where it lies, its place in the tree, and once it is split, its halves and the seed of its middle. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly parent?: Piece;
  /** Index among the pieces of its depth, from the left. */
  readonly key: number;
  readonly depth: number;
  halves?: { readonly middle: number; readonly left: Piece; readonly right: Piece; readonly seed: number };
}

const poolSize = 24;
/** Both ends of a step reach about 24 halvings deep, and the next step goes on from one of them. */
const rememberedPieces = 128;

/** To six decimals, ties to even as Python rounds. */
function rounded(value: number): number {
  const tie = Number.isInteger(value * 128) && !Number.isInteger(value * 64);
  return tie ? roundHalfEven(value * 1e6) / 1e6 : Number(value.toFixed(6));
}

/** What a path is drawn for. */
export interface BrownianPath {
  readonly seed: bigint;
  readonly dims: readonly number[];
  readonly sigmaMin: number;
  readonly sigmaMax: number;
}

/**
 * Noise between two levels as the increment of one Brownian path over σ, divided by the square root of its length: the same path whatever levels are
 * asked for. The path is torchsde's BrownianTree (Li et al. 2020, “Scalable gradients for stochastic differential equations”, algorithm 3), a bisection
 * down to 10⁻⁶ whose middles are drawn by torch generators that numpy seed sequences seed; equal to it on the CPU.
 */
export function brownianNoise({ seed, dims, sigmaMin, sigmaMax }: BrownianPath): (from: number, to: number) => Tensor {
  const draw = (with32: number): Tensor => torchNormal(BigInt(with32))(dims);
  const root: Piece = { start: rounded(sigmaMin), end: rounded(sigmaMax), key: 0, depth: 0 };
  const whole = scale(draw(seedState({ entropy: seed, spawnKey: [], poolSize }, 1)[0] ?? 0), Math.sqrt(sigmaMax - sigmaMin));
  const known = new Map<Piece, Tensor>();

  function split(piece: Piece): NonNullable<Piece['halves']> {
    if (piece.halves !== undefined) return piece.halves;
    const { start, end, key, depth } = piece;
    const exact = 0.5 * (end + start);
    const middle = rounded(exact);
    const half = (is: { start: number; end: number; key: number }): Piece => ({ ...is, parent: piece, depth: depth + 1 });
    piece.halves = {
      middle,
      seed: seedState({ entropy: seed, spawnKey: [key, depth], poolSize }, 1)[0] ?? 0,
      left: half({ start, end: middle, key: 2 * key }),
      right: half({ start: middle, end, key: 2 * key + 1 }),
    };
    return piece.halves;
  }

  /** The increment over one piece: of the left half by a Brownian bridge, of the right half what is left of the parent's; one draw gives both. */
  function increment(piece: Piece): Tensor {
    const { parent } = piece;
    if (parent === undefined) return whole;
    const remembered = known.get(piece);
    if (remembered !== undefined) return remembered;
    const { middle, seed: with32, left, right } = split(parent);
    const all = increment(parent);
    const [before, after, length] = [middle - parent.start, parent.end - middle, parent.end - parent.start];
    const leftPart = combine(before / length, all, Math.sqrt((before * after) / length), draw(with32));
    const rightPart = combine(1, all, -1, leftPart);
    remember(left, leftPart);
    remember(right, rightPart);
    return piece === left ? leftPart : rightPart;
  }

  function remember(piece: Piece, found: Tensor): void {
    const [oldest] = known.keys();
    if (known.size >= rememberedPieces && oldest !== undefined) known.delete(oldest);
    known.set(piece, found);
  }

  /** The pieces that make up [start, end], from the left. */
  function piecesOf(piece: Piece, start: number, end: number): Piece[] {
    if (start <= piece.start && end >= piece.end) return [piece];
    const { middle, left, right } = split(piece);
    if (end <= middle) return piecesOf(left, start, end);
    if (start >= middle) return piecesOf(right, start, end);
    return [...piecesOf(left, start, middle), ...piecesOf(right, middle, end)];
  }

  return (from, to) => {
    const [low, high] = [Math.fround(Math.min(from, to)), Math.fround(Math.max(from, to))];
    const inside = (level: number): number => rounded(Math.min(Math.max(level, root.start), root.end));
    const [start, end] = [inside(low), inside(high)];
    const sign = from > to ? -1 : 1;
    if (start === end) return scale(whole, 0);
    const sum = new Float32Array(whole.data.length);
    for (const piece of piecesOf(root, start, end)) {
      const { data } = increment(piece);
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (data[i] ?? 0);
    }
    return scale({ dims: whole.dims, data: sum }, sign / Math.sqrt(high - low));
  };
}
