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

/** The first `count` 32-bit words of the sequence at a place in a tree of sequences. */
export type SeedSequence = (spawnKey: readonly number[], count: number) => Uint32Array;

/**
 * Seed sequences (Melissa O'Neill's seed_seq_fe, 2015) that grow from a number, equal to numpy's
 * `SeedSequence(entropy, spawn_key, pool_size).generate_state(count)`.
 */
export function seedSequence(entropy: bigint, poolSize: number): SeedSequence {
  const run = wordsOf(entropy);
  const first: Constant = { value: 0x43b0d7e5, factor: 0x931e8875 };
  const grown = Uint32Array.from({ length: poolSize }, (_, i) => hash(run[i] ?? 0, first));
  const stir = (pool: Uint32Array, to: number, word: number, constant: Constant): void => {
    pool[to] = mix(pool[to] ?? 0, hash(word, constant));
  };
  for (let from = 0; from < poolSize; from++)
    for (let to = 0; to < poolSize; to++) if (from !== to) stir(grown, to, grown[from] ?? 0, first);
  const rest = run.slice(poolSize);
  return (spawnKey, count) => {
    const [pool, input] = [grown.slice(), { ...first }];
    for (const word of [...rest, ...spawnKey.flatMap((key) => wordsOf(BigInt(key)))])
      for (let to = 0; to < poolSize; to++) stir(pool, to, word, input);
    const output: Constant = { value: 0x8b51f9dd, factor: 0x58f38ded };
    return Uint32Array.from({ length: count }, (_, i) => hash(pool[i % poolSize] ?? 0, output));
  };
}
