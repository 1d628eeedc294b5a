import { type NoiseStream, sizeOf, type Tensor } from '../kit/index.ts';

const stateSize = 624;

/** Mersenne Twister MT19937 (Matsumoto & Nishimura 1998), seeded with 32 bits as torch's CPU generator is. Returns the next 32 bits. */
export function mersenneTwister(seed: number): () => number {
  const state = new Uint32Array(stateSize);
  state[0] = seed;
  for (let i = 1; i < stateSize; i++) {
    const previous = state[i - 1] ?? 0;
    state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
  }
  let index = stateSize;
  return () => {
    if (index === stateSize) {
      twist(state);
      index = 0;
    }
    let y = state[index++] ?? 0;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}

function twist(state: Uint32Array): void {
  const mix = (i: number, following: number, far: number): void => {
    const y = ((state[i] ?? 0) & 0x80000000) | ((state[following] ?? 0) & 0x7fffffff);
    state[i] = (state[far] ?? 0) ^ (y >>> 1) ^ (-(y & 1) & 0x9908b0df);
  };
  const period = 397;
  for (let i = 0; i < stateSize - period; i++) mix(i, i + 1, i + period);
  for (let i = stateSize - period; i < stateSize - 1; i++) mix(i, i + 1, i + period - stateSize);
  mix(stateSize - 1, 0, period - 1);
}

const block = 16;

/**
 * Box–Muller over 16 uniforms as torch's vectorised path does it: u₁ = 1 − x[j], u₂ = x[j+8]. Sine and cosine of 2πu₂ come from one reduction to ±1/8 of a turn,
 * which is exact, and a short series: most of the time of drawing noise went into the general functions.
 */
function transformBlock(data: Float32Array, start: number): void {
  for (let j = start; j < start + block / 2; j++) {
    const radius = Math.sqrt(-2 * Math.log(1 - (data[j] ?? 0)));
    const turn = data[j + block / 2] ?? 0;
    const quarter = Math.floor(4 * turn + 0.5);
    const t = 2 * Math.PI * (turn - quarter / 4);
    const z = t * t;
    const sin =
      radius *
      t *
      (1 - z * (1 / 6) * (1 - z * (1 / 20) * (1 - z * (1 / 42) * (1 - z * (1 / 72) * (1 - z * (1 / 110) * (1 - z * (1 / 156)))))));
    const cos =
      radius *
      (1 -
        z *
          (1 / 2) *
          (1 - z * (1 / 12) * (1 - z * (1 / 30) * (1 - z * (1 / 56) * (1 - z * (1 / 90) * (1 - z * (1 / 132) * (1 - z * (1 / 182))))))));
    const odd = (quarter & 1) === 1;
    const sign = (quarter & 2) === 0 ? 1 : -1;
    data[j] = sign * (odd ? -sin : cos);
    data[j + block / 2] = sign * (odd ? cos : sin);
  }
}

function fillLong(data: Float32Array, next: () => number): void {
  const uniform = (): number => (next() & 0xffffff) / 0x1000000;
  for (let i = 0; i < data.length; i++) data[i] = uniform();
  for (let i = 0; i + block <= data.length; i += block) transformBlock(data, i);
  if (data.length % block === 0) return;
  const start = data.length - block;
  for (let i = start; i < data.length; i++) data[i] = uniform();
  transformBlock(data, start);
}

/** A double in [0, 1) of 53 bits out of two draws, the first one the high word. */
function uniformDouble(next: () => number): number {
  const high = next();
  const low = next();
  return ((high & 0x1fffff) * 2 ** 32 + low) / 2 ** 53;
}

/**
 * Standard normal numbers equal to `torch.randn` on the CPU after `torch.manual_seed(seed)`. Only the low 32 bits of the
 * seed count. Draws go on in one stream; below 16 values the second of each pair is kept for the next draw, as torch does.
 */
export function torchNormal(seed: bigint): NoiseStream {
  const next = mersenneTwister(Number(BigInt.asUintN(32, seed)));
  let kept: number | undefined;
  const single = (): number => {
    if (kept !== undefined) {
      const value = kept;
      kept = undefined;
      return value;
    }
    const angle = 2 * Math.PI * uniformDouble(next);
    const radius = Math.sqrt(-2 * Math.log1p(-uniformDouble(next)));
    kept = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return (dims): Tensor => {
    const data = new Float32Array(sizeOf(dims));
    if (data.length >= block) fillLong(data, next);
    else for (let i = 0; i < data.length; i++) data[i] = single();
    return { dims, data };
  };
}
