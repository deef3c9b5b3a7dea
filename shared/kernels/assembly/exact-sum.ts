// A value is high * 2^-20 + low * 2^-71 in two signed 64-bit limbs. Adding 1.5 * 2^32 to a float64 below 2^31 rounds it
// to a multiple of 2^-20, and the difference of the bits counts those multiples; 1.5 * 2^-19 does so for the rest.
import { four, highHalf, lowHalf, one } from './decode';

const LIMIT: f64 = 2147483648.0;
const HIGH_ROUNDER: f64 = 6442450944.0;
const LOW_ROUNDER: f64 = 2.86102294921875e-6;

/** Adds two terms; the sign bit of a lane of the answer is set where a limb has left [-2^62, 2^62). */
// @ts-ignore: decorator
@inline
function addPair(high: usize, low: usize, term: v128): v128 {
  const up = f64x2.add(term, f64x2.splat(HIGH_ROUNDER));
  const rest = f64x2.sub(term, f64x2.sub(up, f64x2.splat(HIGH_ROUNDER)));
  const down = f64x2.add(rest, f64x2.splat(LOW_ROUNDER));
  const h = i64x2.add(v128.load(high), i64x2.sub(up, f64x2.splat(HIGH_ROUNDER)));
  const l = i64x2.add(v128.load(low), i64x2.sub(down, f64x2.splat(LOW_ROUNDER)));
  v128.store(high, h);
  v128.store(low, l);
  return v128.or(v128.xor(h, i64x2.add(h, h)), v128.xor(l, i64x2.add(l, l)));
}

// @ts-ignore: decorator
@inline
function inRange(term: v128): v128 {
  return f64x2.lt(f64x2.abs(term), f64x2.splat(LIMIT));
}

// @ts-ignore: decorator
@inline
export function accumulateExact<T>(
  high: usize,
  low: usize,
  x: usize,
  count: i32,
  weight: f64,
): bool {
  const w = f64x2.splat(weight);
  let fits = i64x2.splat(-1);
  let overflow = i64x2.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    let a: v128;
    let b: v128;
    if (sizeof<T>() == 8) {
      a = f64x2.mul(v128.load(x), w);
      b = f64x2.mul(v128.load(x, 16), w);
    } else {
      const values = four<T>(x);
      a = f64x2.mul(lowHalf(values), w);
      b = f64x2.mul(highHalf(values), w);
    }
    fits = v128.and(fits, v128.and(inRange(a), inRange(b)));
    overflow = v128.or(overflow, addPair(high, low, a));
    overflow = v128.or(overflow, addPair(high + 16, low + 16, b));
    x += 4 * sizeof<T>();
    high += 32;
    low += 32;
  }
  let ok = i64x2.all_true(fits) && i64x2.bitmask(overflow) == 0;
  for (; i < count; i++) {
    const term = weight * one<T>(x);
    const up = term + HIGH_ROUNDER;
    const down = term - (up - HIGH_ROUNDER) + LOW_ROUNDER;
    const h = load<i64>(high) + (reinterpret<i64>(up) - reinterpret<i64>(HIGH_ROUNDER));
    const l = load<i64>(low) + (reinterpret<i64>(down) - reinterpret<i64>(LOW_ROUNDER));
    store<i64>(high, h);
    store<i64>(low, l);
    ok = ok && abs(term) < LIMIT && ((h ^ (h << 1)) | (l ^ (l << 1))) >= 0;
    x += sizeof<T>();
    high += 8;
    low += 8;
  }
  return ok;
}

/** Adds limbs to limbs; the sums of two limbs in [-2^62, 2^62) do not wrap, so an overflow is seen in the result. */
export function mergeExact(highA: usize, lowA: usize, highB: usize, lowB: usize, count: i32): bool {
  let overflow: i64 = 0;
  for (let i = 0; i < count; i++) {
    const h = load<i64>(highA) + load<i64>(highB);
    const l = load<i64>(lowA) + load<i64>(lowB);
    store<i64>(highA, h);
    store<i64>(lowA, l);
    overflow |= (h ^ (h << 1)) | (l ^ (l << 1));
    highA += 8;
    lowA += 8;
    highB += 8;
    lowB += 8;
  }
  return overflow >= 0;
}
