/** The bits of one float32 as those of the nearest float16 (IEEE 754 binary16, ties to even). */
function toHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const mantissa = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (mantissa === 0 ? 0 : 0x200);
  const half = exponent - 127 + 15;
  if (half >= 0x1f) return sign | 0x7c00;
  if (half > 0) {
    const kept = (half << 10) | (mantissa >>> 13);
    const rest = mantissa & 0x1fff;
    return sign | (kept + (rest > 0x1000 || (rest === 0x1000 && (kept & 1) === 1) ? 1 : 0));
  }
  if (half < -10) return sign;
  const full = mantissa | 0x800000;
  const shift = 14 - half;
  const kept = full >>> shift;
  const rest = full & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  return sign | (kept + (rest > tie || (rest === tie && (kept & 1) === 1) ? 1 : 0));
}

/** The value of float16 bits. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 0x1f) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** float32 → float16 bits, as ONNX Runtime takes them on Node 20. */
export function toHalves(values: Float32Array): Uint16Array {
  return Uint16Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length), toHalf);
}

/** float16 bits → float32. */
export const fromHalves = (bits: Uint16Array): Float32Array => Float32Array.from(bits, fromHalf);
