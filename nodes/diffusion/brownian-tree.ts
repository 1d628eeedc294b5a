import { sizeOf, type Tensor, zeros } from '../kit/index.ts';
import { TorchGenerator } from './random.ts';
import { roundHalfEven } from './rounding.ts';
import { seedSequence } from './seed-sequence.ts';

/** A piece of the path. */
interface Piece {
  readonly start: number;
  readonly end: number;
  /** Index among the pieces of its depth, from the left. */
  readonly key: number;
  readonly depth: number;
  /** Where its increment lies in the machine's memory. */
  readonly whole: number;
  /** Where the path at its start lies, in doubles. */
  readonly before: number;
}

const poolSize = 24;
/** A second-order step looks at three levels, and the next one begins with the last of them. */
const rememberedLevels = 4;

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
export function brownianNoise(path: BrownianPath): (from: number, to: number) => Tensor {
  const { dims, sigmaMin, sigmaMax } = path;
  const values = pathValues(path);
  const inside = (level: number): number => rounded(Math.min(Math.max(level, rounded(sigmaMin)), rounded(sigmaMax)));
  return (from, to) => {
    const [low, high] = [Math.fround(Math.min(from, to)), Math.fround(Math.max(from, to))];
    const [start, end] = [inside(low), inside(high)];
    if (start === end) return zeros(dims);
    const factor = (from > to ? -1 : 1) / Math.sqrt(high - low);
    const [before, after] = [values(start), values(end)];
    const data = new Float32Array(before.length);
    for (let i = 0; i < data.length; i++) data[i] = factor * ((after[i] ?? 0) - (before[i] ?? 0));
    return { dims, data };
  };
}

/** The path at a level of six decimals; valid until a few other levels were asked for. */
function pathValues({ seed, dims, sigmaMin, sigmaMax }: BrownianPath): (level: number) => Float64Array {
  const generator = new TorchGenerator();
  const { machine } = generator;
  const seeds = seedSequence(seed, poolSize);
  const count = sizeOf(dims);
  /** Whole vectors. */
  const padded = Math.ceil(count / 4) * 4;
  const draw = (...spawnKey: readonly number[]): Float32Array => {
    generator.seed(seeds(spawnKey, 1)[0] ?? 0);
    return generator.values(count);
  };
  const bytes = 4 * padded;
  /** Behind the numbers that are drawn a room for the piece of each depth: its increment, and the path at its start. */
  const room = (depth: number): number => machine.numbers.value + bytes + depth * 3 * bytes;
  const floats = (at: number): Float32Array => new Float32Array(machine.memory.buffer, at, count);
  const doubles = (at: number): Float64Array => new Float64Array(machine.memory.buffer, at, count);

  const [least, most] = [rounded(sigmaMin), rounded(sigmaMax)];
  // Down to pieces of 10⁻⁶; what is not touched takes no memory.
  machine.reserve(room(Math.ceil(Math.log2(Math.max((most - least) * 1e6, 1))) + 3));
  const root: Piece = { start: least, end: most, key: 0, depth: 0, whole: room(0), before: room(0) + bytes };
  floats(root.whole).set(draw().map((value) => value * Math.sqrt(sigmaMax - sigmaMin)));
  /** From the whole path to the smallest piece that was looked at last, each a half of the one before: the next level shares the first ones. */
  const pieces = [root];
  const levels = new Map<number, Float64Array>();

  /** The half of a piece in which a level lies: the left one by a Brownian bridge, the right one is what is left. */
  function half({ start, end, key, depth, whole, before }: Piece, level: number): Piece {
    const middle = rounded(0.5 * (end + start));
    const [share, spread] = [(middle - start) / (end - start), Math.sqrt(((middle - start) * (end - middle)) / (end - start))];
    const own = room(depth + 1);
    draw(key, depth);
    if (level <= middle) {
      machine.left(whole, own, share, spread, padded);
      return { start, end: middle, key: 2 * key, depth: depth + 1, whole: own, before };
    }
    machine.right(whole, before, own, own + bytes, share, spread, padded);
    return { start: middle, end, key: 2 * key + 1, depth: depth + 1, whole: own, before: own + bytes };
  }

  function valueAt(level: number, into: Float64Array): Float64Array {
    let piece = pieces.pop() ?? root;
    while (piece !== root && (level < piece.start || level > piece.end)) piece = pieces.pop() ?? root;
    for (; level > piece.start && level < piece.end; piece = half(piece, level)) pieces.push(piece);
    pieces.push(piece);
    const [whole, before] = [floats(piece.whole), doubles(piece.before)];
    if (level <= piece.start) into.set(before);
    else for (let i = 0; i < count; i++) into[i] = (before[i] ?? 0) + (whole[i] ?? 0);
    return into;
  }

  return (level) => {
    const known = levels.get(level);
    const [oldest] = known === undefined && levels.size === rememberedLevels ? levels : [];
    levels.delete(oldest?.[0] ?? level);
    const found = known ?? valueAt(level, oldest?.[1] ?? new Float64Array(count));
    levels.set(level, found);
    return found;
  };
}
