// Reads a two-limb sum out: value / divisor, rounded once to float64, ties to even.
//
// 1. Carried over, the low limb lies in [-2^50, 2^50] and the value is s + e for float64 numbers s and e, where s is
//    the value rounded.
// 2. e = 0: s / divisor, which the hardware rounds.
// 3. Otherwise q = s / divisor is off by (r + e) / divisor, where r = s - q * divisor is a float64. q plus that is right
//    unless it lies within its own error of the middle between two float64 numbers; then 128-bit integers decide.

const HIGH_STEP: f64 = 9.5367431640625e-7;
const LOW_STEP: f64 = 4.235164736271502e-22;
const SPLITTER: f64 = 134217729.0;
const DOUBT: f64 = 8.881784197001252e-16;
const TWO_50: i64 = 0x4000000000000;
const TWO_51: i64 = 0x8000000000000;
const TWO_53: i64 = 0x20000000000000;

/** High limbs up to 2^51 are turned into float64 numbers by the rounder that made them. */
const HIGH_ROUNDER: f64 = 6442450944.0;
const LOW_ROUNDER: f64 = 2.86102294921875e-6;

export function finishExact(acc: usize, high: usize, low: usize, count: i32, divisor: f64): void {
  const d = f64x2.splat(divisor);
  let i = 0;
  for (; i + 2 <= count; i += 2) {
    const l = v128.load(low);
    const h = v128.load(high);
    const carry = i64x2.shr_s(i64x2.add(l, i64x2.splat(TWO_50)), 51);
    const h2 = i64x2.add(h, carry);
    const l2 = i64x2.sub(l, i64x2.shl(carry, 51));
    const a = f64x2.sub(i64x2.add(h2, f64x2.splat(HIGH_ROUNDER)), f64x2.splat(HIGH_ROUNDER));
    const b = f64x2.sub(i64x2.add(l2, f64x2.splat(LOW_ROUNDER)), f64x2.splat(LOW_ROUNDER));
    const s = f64x2.add(a, b);
    const e = f64x2.sub(b, f64x2.sub(s, a));
    // Whether h2 leaves [-2^51, 2^51), or e is not zero.
    const wide = i64x2.shr_u(i64x2.add(h2, i64x2.splat(TWO_51)), 52);
    if (v128.any_true(v128.or(wide, f64x2.ne(e, f64x2.splat(0.0))))) {
      const first = quotient(load<i64>(high), load<i64>(low), divisor);
      const second = quotient(load<i64>(high, 8), load<i64>(low, 8), divisor);
      store<f64>(acc, first);
      store<f64>(acc, second, 8);
    } else {
      v128.store(acc, f64x2.div(s, d));
    }
    acc += 16;
    high += 16;
    low += 16;
  }
  if (i < count) store<f64>(acc, quotient(load<i64>(high), load<i64>(low), divisor));
}

function quotient(high: i64, low: i64, divisor: f64): f64 {
  const carry = (low + TWO_50) >> 51;
  high += carry;
  low -= carry << 51;
  if (high > TWO_53 || high < -TWO_53) return longQuotient(high, low, divisor);
  const a = <f64>high * HIGH_STEP;
  const b = <f64>low * LOW_STEP;
  const s = a + b;
  const e = b - (s - a);
  const q = s / divisor;
  if (e == 0.0) return q;
  const c = (restOf(s, q, divisor) + e) / divisor;
  const doubt = c * DOUBT;
  const upper = q + (c + doubt);
  if (upper == q + (c - doubt)) return upper;
  return longQuotient(high, low, divisor);
}

/** s - q * divisor, exactly: the product in two float64 numbers, after Dekker 1971. */
@inline
function restOf(s: f64, q: f64, divisor: f64): f64 {
  const qBig = q * SPLITTER;
  const qHigh = qBig - (qBig - q);
  const qLow = q - qHigh;
  const dBig = divisor * SPLITTER;
  const dHigh = dBig - (dBig - divisor);
  const dLow = divisor - dHigh;
  const product = q * divisor;
  const error = qLow * dLow - (product - qHigh * dHigh - qLow * dHigh - qHigh * dLow);
  return s - product - error;
}

/** |low| <= 2^50 and |high| < 2^63. */
function longQuotient(high: i64, low: i64, divisor: f64): f64 {
  const negative = high < 0 || (high == 0 && low < 0);
  if (negative) {
    high = -high;
    low = -low;
  }
  // high * 2^51 + low in two unsigned words.
  const shifted = <u64>high << 51;
  let lower = shifted + <u64>low;
  let upper = (<u64>high >> 13) + <u64>(low >> 63) + <u64>(lower < shifted);
  if (upper == 0 && lower == 0) return 0.0;

  // The numerator's first bit goes to place 126, the denominator's to place 63: 63 or 64 bits of quotient.
  const shift = <i32>(upper != 0 ? clz(upper) : 64 + clz(lower)) - 1;
  if (shift >= 64) {
    upper = lower << (shift - 64);
    lower = 0;
  } else if (shift > 0) {
    upper = (upper << shift) | (lower >> (64 - shift));
    lower <<= shift;
  }
  const bits = reinterpret<u64>(divisor);
  const mantissa = (((bits & 0xfffffffffffff) | 0x10000000000000) << 11);
  const exponent = <i32>((bits >> 52) & 0x7ff) - 1075;
  const whole = divideWords(upper, lower, mantissa);
  const power = -71 - exponent + 11 - shift;
  const value = <f64>whole * reinterpret<f64>(<u64>(power + 1023) << 52);
  return negative ? -value : value;
}

/**
 * (upper * 2^64 + lower) / divisor with the last bit set when anything is left over. upper < divisor, and the divisor's
 * first bit is set. Schoolbook division by 32-bit digits, Knuth volume 2, 4.3.1, algorithm D.
 */
function divideWords(upper: u64, lower: u64, divisor: u64): u64 {
  const first = digit(upper, <u32>(lower >> 32), divisor);
  const rest = (upper << 32) + (lower >> 32) - first * divisor;
  const second = digit(rest, <u32>lower, divisor);
  const left = (rest << 32) + (lower & 0xffffffff) - second * divisor;
  return (first << 32) | second | <u64>(left != 0);
}

/** The quotient digit of (rest * 2^32 + next) / divisor, where rest < divisor. */
function digit(rest: u64, next: u32, divisor: u64): u64 {
  const high = divisor >> 32;
  const low = divisor & 0xffffffff;
  let guess = rest / high;
  let left = rest % high;
  while (guess >> 32 != 0 || guess * low > ((left << 32) | <u64>next)) {
    guess--;
    left += high;
    if (left >> 32 != 0) break;
  }
  return guess;
}
