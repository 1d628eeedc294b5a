const mask = 0xffffffffn;

/** A whole number as 32-bit words, the low one first; 0 is one word. */
function wordsOf(value: bigint): number[] {
  const words: number[] = [];
  for (let rest = value; rest > 0n || words.length === 0; rest >>= 32n) words.push(Number(rest & mask));
  return words;
}

/** How a mixing constant goes on from call to call. */
interface Constant {
  value: number;
  readonly factor: number;
}

function hash(word: number, constant: Constant): number {
  let value = word ^ constant.value;
  constant.value = Math.imul(constant.value, constant.factor);
  value = Math.imul(value, constant.value);
  return (value ^ (value >>> 16)) >>> 0;
}

function mix(x: number, y: number): number {
  const value = (Math.imul(x, 0xca01f9dd) - Math.imul(y, 0x4973f715)) | 0;
  return (value ^ (value >>> 16)) >>> 0;
}

/** What a seed sequence is grown from. */
export interface SeedSource {
  readonly entropy: bigint;
  /** The place in a tree of sequences. */
  readonly spawnKey: readonly number[];
  readonly poolSize: number;
}

/**
 * The first `count` 32-bit words of a seed sequence (Melissa O'Neill's seed_seq_fe, 2015), equal to numpy's
 * `SeedSequence(entropy, spawn_key, pool_size).generate_state(count)`.
 */
export function seedState({ entropy, spawnKey, poolSize }: SeedSource, count: number): Uint32Array {
  const run = wordsOf(entropy);
  const padding = spawnKey.length > 0 ? Math.max(poolSize - run.length, 0) : 0;
  const words = [...run, ...new Array<number>(padding).fill(0), ...spawnKey.flatMap((key) => wordsOf(BigInt(key)))];
  const input: Constant = { value: 0x43b0d7e5, factor: 0x931e8875 };
  const pool = Uint32Array.from({ length: poolSize }, (_, i) => hash(words[i] ?? 0, input));
  for (let from = 0; from < poolSize; from++) {
    for (let to = 0; to < poolSize; to++) if (from !== to) pool[to] = mix(pool[to] ?? 0, hash(pool[from] ?? 0, input));
  }
  for (const word of words.slice(poolSize)) {
    for (let to = 0; to < poolSize; to++) pool[to] = mix(pool[to] ?? 0, hash(word, input));
  }
  const output: Constant = { value: 0x8b51f9dd, factor: 0x58f38ded };
  return Uint32Array.from({ length: count }, (_, i) => hash(pool[i % poolSize] ?? 0, output));
}
