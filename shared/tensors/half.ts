/**
 * The two 16-bit float formats, which JavaScript lacks. Encoding rounds a float64 once, to nearest, ties to even;
 * going through float32 first would round twice and be off by one unit now and then.
 */
interface SmallFloat {
  readonly mantissaBits: number;
  /** Exponent of the smallest normal number. */
  readonly minExponent: number;
  /** Least magnitude that rounds to infinity. */
  readonly overflow: number;
  /** The bits of infinity: exponent field all ones. */
  readonly infinity: number;
  /** Units in the last place per 1, for each exponent from the smallest. */
  readonly unitsPerOne: Float64Array;
}

function smallFloat(mantissaBits: number, minExponent: number): SmallFloat {
  const maxExponent = 1 - minExponent;
  return {
    mantissaBits,
    minExponent,
    overflow: (2 - 2 ** -(mantissaBits + 1)) * 2 ** maxExponent,
    infinity: 0x8000 - (1 << mantissaBits),
    unitsPerOne: Float64Array.from(
      { length: maxExponent - minExponent + 1 },
      (_, i) => 2 ** (mantissaBits - minExponent - i),
    ),
  };
}

const F16 = smallFloat(10, -14);
const BF16 = smallFloat(7, -126);

const value64 = new Float64Array(1);
const words = new Uint32Array(value64.buffer);

/** 2^53 - 2^52 dance: adding 2^52 leaves no room for a fraction, so the hardware rounds it, ties to even. */
function roundToEven(magnitude: number): number {
  return magnitude + 2 ** 52 - 2 ** 52;
}

function encode(value: number, format: SmallFloat): number {
  value64[0] = value;
  const high = Number(words[1]);
  const sign = (high >>> 16) & 0x8000;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return sign | format.infinity | (1 << (format.mantissaBits - 1));
  if (magnitude >= format.overflow) return sign | format.infinity;
  const exponent = Math.max(((high >>> 20) & 0x7ff) - 1023, format.minExponent);
  // In units of the last place at this exponent. A carry out of the mantissa moves into the exponent field by
  // itself, and a subnormal has no implicit bit to take away because its exponent field counts from the same unit.
  const row = exponent - format.minExponent;
  const units = roundToEven(magnitude * Number(format.unitsPerOne[row]));
  return sign | ((row << format.mantissaBits) + units);
}

/** Nearest IEEE binary16 as its 16 bits. */
export function toF16(value: number): number {
  return encode(value, F16);
}

/** Nearest bfloat16 as its 16 bits. */
export function toBf16(value: number): number {
  return encode(value, BF16);
}

/** Exact value of IEEE binary16 bits. */
export function fromF16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const f32 = new Float32Array(1);
const f32Bits = new Uint32Array(f32.buffer);

/** Exact value of bfloat16 bits: the upper half of a float32. */
export function fromBf16(bits: number): number {
  f32Bits[0] = bits << 16;
  return Number(f32[0]);
}
