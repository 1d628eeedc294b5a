// torch's CPU generator and its normal numbers, four at a time; AssemblyScript, compiled by `npm run wasm`. What it gives is compared with torch's values by tests.

/** Words of the state, which lie at the beginning of the memory. */
const size: i32 = 624;
const far: i32 = 397;
const upper: u32 = 0x80000000;
const matrix: u32 = 0x9908b0df;

/** Where `fill` writes. */
export const numbers: i32 = 4096;

let index: i32 = size;

/** Mersenne Twister MT19937 (Matsumoto & Nishimura 1998), seeded with 32 bits. */
export function seed(value: u32): void {
  store<u32>(0, value);
  for (let i: u32 = 1; i < <u32>size; i++) {
    value = 1812433253 * (value ^ (value >> 30)) + i;
    store<u32>(i << 2, value);
  }
  index = size;
}

function mixed(i: i32, following: i32, other: i32): void {
  const y = (load<u32>(i << 2) & upper) | (load<u32>(following << 2) & ~upper);
  store<u32>(i << 2, load<u32>(other << 2) ^ (y >> 1) ^ (-(y & 1) & matrix));
}

function mixedFour(i: i32, other: i32): void {
  const y = v128.or(v128.and(v128.load(i << 2), i32x4.splat(upper)), v128.and(v128.load((i + 1) << 2), i32x4.splat(~upper)));
  const odd = v128.and(i32x4.neg(v128.and(y, i32x4.splat(1))), i32x4.splat(matrix));
  v128.store(i << 2, v128.xor(v128.xor(v128.load(other << 2), i32x4.shr_u(y, 1)), odd));
}

function twist(): void {
  let i = 0;
  for (; i + 4 <= size - far; i += 4) mixedFour(i, i + far);
  for (; i < size - far; i++) mixed(i, i + 1, i + far);
  for (; i + 5 <= size; i += 4) mixedFour(i, i + far - size);
  for (; i < size - 1; i++) mixed(i, i + 1, i + far - size);
  mixed(size - 1, 0, far - 1);
  index = 0;
}

function tempered(y: v128): v128 {
  y = v128.xor(y, i32x4.shr_u(y, 11));
  y = v128.xor(y, v128.and(i32x4.shl(y, 7), i32x4.splat(0x9d2c5680)));
  y = v128.xor(y, v128.and(i32x4.shl(y, 15), i32x4.splat(0xefc60000)));
  return v128.xor(y, i32x4.shr_u(y, 18));
}

/** The next 32 bits. */
export function next(): u32 {
  if (index === size) twist();
  return i32x4.extract_lane(tempered(i32x4.splat(load<u32>(index++ << 2))), 0);
}

/** 24 bits of each word as a number in [0, 1). */
function uniform(words: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(v128.and(tempered(words), i32x4.splat(0xffffff))), f32x4.splat(1.0 / 16777216.0));
}

function fillUniform(from: i32, end: i32): void {
  while (from < end) {
    if (index === size) twist();
    if (index + 4 <= size && from + 16 <= end) {
      v128.store(from, uniform(v128.load(index << 2)));
      index += 4;
      from += 16;
    } else {
      store<f32>(from, f32x4.extract_lane(uniform(i32x4.splat(load<u32>(index << 2))), 0));
      index++;
      from += 4;
    }
  }
}

/** p·x + c */
function horner(p: v128, x: v128, c: f32): v128 {
  return f32x4.add(f32x4.mul(p, x), f32x4.splat(c));
}

/** ln u for u in (0, 1], to one unit in the last place: u = m·2ᵉ with m about 1, and a polynomial in m − 1 (Cephes, Moshier 1989). */
function logarithm(u: v128): v128 {
  const half = i32x4.splat(0x3f3504f3);
  const bits = i32x4.sub(u, half);
  const e = f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23));
  const x = f32x4.sub(i32x4.add(v128.and(bits, i32x4.splat(0x7fffff)), half), f32x4.splat(1));
  const z = f32x4.mul(x, x);
  let p = horner(f32x4.splat(7.0376836292e-2), x, -1.151461031e-1);
  p = horner(p, x, 1.167699874e-1);
  p = horner(p, x, -1.2420140846e-1);
  p = horner(p, x, 1.4249322787e-1);
  p = horner(p, x, -1.6668057665e-1);
  p = horner(p, x, 2.0000714765e-1);
  p = horner(p, x, -2.4999993993e-1);
  p = horner(p, x, 3.3333331174e-1);
  // ln 2 in two parts, the first one exact in a product with e.
  const low = f32x4.add(f32x4.mul(f32x4.mul(p, x), z), f32x4.mul(e, f32x4.splat(-2.1219444e-4)));
  return f32x4.add(f32x4.add(x, f32x4.sub(low, f32x4.mul(z, f32x4.splat(0.5)))), f32x4.mul(e, f32x4.splat(0.693359375)));
}

/** Box–Muller (1958) over four pairs that lie eight numbers apart: u₁ = 1 − x, u₂ = the other. */
function fourPairs(at: i32): void {
  const radius = f32x4.sqrt(f32x4.mul(logarithm(f32x4.sub(f32x4.splat(1), v128.load(at))), f32x4.splat(-2)));
  // 2πu₂ is rounded, as torch does; then sine and cosine by the nearest quarter of a turn and polynomials for what is left (Cephes).
  const angle = f32x4.mul(v128.load(at + 32), f32x4.splat(6.283185307179586));
  const octant = i32x4.trunc_sat_f32x4_s(f32x4.mul(angle, f32x4.splat(1.27323954473516)));
  const even = v128.and(i32x4.add(octant, i32x4.splat(1)), i32x4.splat(~1));
  const turns = f32x4.convert_i32x4_s(even);
  let t = f32x4.add(angle, f32x4.mul(turns, f32x4.splat(-0.78515625)));
  t = f32x4.add(t, f32x4.mul(turns, f32x4.splat(-2.4187564849853516e-4)));
  t = f32x4.add(t, f32x4.mul(turns, f32x4.splat(-3.774894977445941e-8)));
  const z = f32x4.mul(t, t);
  let s = horner(f32x4.splat(-1.9515295891e-4), z, 8.3321608736e-3);
  s = horner(s, z, -1.6666654611e-1);
  s = f32x4.add(f32x4.mul(f32x4.mul(s, z), t), t);
  let c = horner(f32x4.splat(2.443315711809948e-5), z, -1.388731625493765e-3);
  c = horner(c, z, 4.166664568298827e-2);
  c = f32x4.add(f32x4.sub(f32x4.mul(f32x4.mul(c, z), z), f32x4.mul(z, f32x4.splat(0.5))), f32x4.splat(1));
  const quarter = i32x4.shr_u(even, 1);
  const odd = i32x4.ne(v128.and(quarter, i32x4.splat(1)), i32x4.splat(0));
  const sign = i32x4.shl(v128.and(quarter, i32x4.splat(2)), 30);
  const cosine = v128.bitselect(v128.xor(s, i32x4.splat(upper)), c, odd);
  const sine = v128.bitselect(c, s, odd);
  v128.store(at, f32x4.mul(radius, v128.xor(cosine, sign)));
  v128.store(at + 32, f32x4.mul(radius, v128.xor(sine, sign)));
}

function block(at: i32): void {
  fourPairs(at);
  fourPairs(at + 16);
}

/** Makes room up to this address. */
export function reserve(end: i32): void {
  const missing = ((end + 0xffff) >>> 16) - memory.size();
  if (missing > 0) memory.grow(missing);
}

/** Writes `count` normal numbers, 16 at least, as torch's vectorised path does: blocks of 16, and the last 16 of another length drawn anew. */
export function fill(count: i32): void {
  const end = numbers + (count << 2);
  reserve(end);
  fillUniform(numbers, end);
  let at = numbers;
  for (; at + 64 <= end; at += 64) block(at);
  if (at === end) return;
  fillUniform(end - 64, end);
  block(end - 64);
}

/** left = share·whole + spread·(the numbers drawn last), four at a time. */
function leftOf(whole: i32, noise: i32, share: f32, spread: f32): v128 {
  return f32x4.add(f32x4.mul(f32x4.splat(share), v128.load(whole)), f32x4.mul(f32x4.splat(spread), v128.load(noise)));
}

/** Writes the left half of a Brownian increment at `half`; `count` is a multiple of four. */
export function left(whole: i32, half: i32, share: f32, spread: f32, count: i32): void {
  for (let i = 0; i < count << 2; i += 16) v128.store(half + i, leftOf(whole + i, numbers + i, share, spread));
}

/** Writes the right half, and `before` + the left half, in doubles, at `reached`. */
export function right(whole: i32, before: i32, half: i32, reached: i32, share: f32, spread: f32, count: i32): void {
  for (let i = 0; i < count << 2; i += 16) {
    const first = leftOf(whole + i, numbers + i, share, spread);
    v128.store(half + i, f32x4.sub(v128.load(whole + i), first));
    const from = before + (i << 1);
    const to = reached + (i << 1);
    v128.store(to, f64x2.add(v128.load(from), f64x2.promote_low_f32x4(first)));
    const high = v128.shuffle<i32>(first, first, 2, 3, 2, 3);
    v128.store(to + 16, f64x2.add(v128.load(from + 16), f64x2.promote_low_f32x4(high)));
  }
}
