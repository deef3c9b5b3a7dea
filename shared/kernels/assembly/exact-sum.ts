// A value is high * 2^-20 + low * 2^-71 in two signed 64-bit limbs. Adding 1.5 * 2^32 to a float64 below 2^31 rounds it
// to a multiple of 2^-20, and the difference of the bits counts those multiples; 1.5 * 2^-19 does so for the rest.
import { four, highHalf, lowHalf, one } from './decode';

const HIGH_ROUNDER: f64 = 6442450944.0;
const LOW_ROUNDER: f64 = 2.86102294921875e-6;
/** 2^32: a float64 that has its first 12 bits lies in [2^32, 2^33), so a term was in [-2^31, 2^31). */
const HIGH_BINADE: f64 = 4294967296.0;
/** A limb plus this is negative where the limb has left [-2^62, 2^62). */
const TWO_62: i64 = 0x4000000000000000;

/** The bits of a term's upper part, rounder and all. */
@inline
function upper(term: v128): v128 {
  return f64x2.add(term, f64x2.splat(HIGH_ROUNDER));
}

/** Those of its lower part. */
@inline
function lower(term: v128, up: v128): v128 {
  const rest = f64x2.sub(term, f64x2.sub(up, f64x2.splat(HIGH_ROUNDER)));
  return f64x2.add(rest, f64x2.splat(LOW_ROUNDER));
}

@inline
function outside(up: v128): v128 {
  return v128.xor(up, f64x2.splat(HIGH_BINADE));
}

/** Adds one pair of terms of each of `terms` updates to a pair of limbs; a sign bit answers that a limb is too large. */
@inline
function addLimbs(high: usize, low: usize, ups: v128, downs: v128, terms: i64): v128 {
  const h = i64x2.add(
    v128.load(high),
    i64x2.sub(ups, i64x2.splat(terms * reinterpret<i64>(HIGH_ROUNDER))),
  );
  const l = i64x2.add(
    v128.load(low),
    i64x2.sub(downs, i64x2.splat(terms * reinterpret<i64>(LOW_ROUNDER))),
  );
  v128.store(high, h);
  v128.store(low, l);
  return v128.or(i64x2.add(h, i64x2.splat(TWO_62)), i64x2.add(l, i64x2.splat(TWO_62)));
}

/** What has been seen of terms outside their range and of limbs too large is nothing. */
@inline
function allFit(seenOutside: v128, overflow: v128): bool {
  return !v128.any_true(i64x2.shr_u(seenOutside, 52)) && i64x2.bitmask(overflow) == 0;
}

/** One element of one update. */
@inline
function addOne(high: usize, low: usize, term: f64): bool {
  const up = term + HIGH_ROUNDER;
  const down = term - (up - HIGH_ROUNDER) + LOW_ROUNDER;
  const h = load<i64>(high) + (reinterpret<i64>(up) - reinterpret<i64>(HIGH_ROUNDER));
  const l = load<i64>(low) + (reinterpret<i64>(down) - reinterpret<i64>(LOW_ROUNDER));
  store<i64>(high, h);
  store<i64>(low, l);
  const isOutside = (reinterpret<u64>(up) ^ reinterpret<u64>(HIGH_BINADE)) >> 52 != 0;
  return !isOutside && ((h + TWO_62) | (l + TWO_62)) >= 0;
}

@inline
function lowTerms<T>(x: usize, w: v128): v128 {
  if (sizeof<T>() == 8) return f64x2.mul(v128.load(x), w);
  if (sizeof<T>() == 4) return f64x2.mul(lowHalf(v128.load64_zero(x)), w);
  return f64x2.mul(lowHalf(four<T>(x)), w);
}

@inline
function highTerms<T>(x: usize, w: v128): v128 {
  if (sizeof<T>() == 8) return f64x2.mul(v128.load(x, 16), w);
  if (sizeof<T>() == 4) return f64x2.mul(lowHalf(v128.load64_zero(x, 8)), w);
  return f64x2.mul(highHalf(four<T>(x)), w);
}

@inline
export function accumulateExact<T>(
  high: usize,
  low: usize,
  x: usize,
  count: i32,
  weight: f64,
): bool {
  const w = f64x2.splat(weight);
  let seenOutside = i64x2.splat(0);
  let overflow = i64x2.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const a = lowTerms<T>(x, w);
    const b = highTerms<T>(x, w);
    const p = upper(a);
    const q = upper(b);
    seenOutside = v128.or(seenOutside, v128.or(outside(p), outside(q)));
    overflow = v128.or(overflow, addLimbs(high, low, p, lower(a, p), 1));
    overflow = v128.or(overflow, addLimbs(high + 16, low + 16, q, lower(b, q), 1));
    x += 4 * sizeof<T>();
    high += 32;
    low += 32;
  }
  let ok = allFit(seenOutside, overflow);
  for (; i < count; i++) {
    ok = addOne(high, low, weight * one<T>(x)) && ok;
    x += sizeof<T>();
    high += 8;
    low += 8;
  }
  return ok;
}

// Four updates add at most 2^53 to a limb: one that was in its range before cannot wrap around within a pass.
@inline
export function accumulateExactFour<T>(
  high: usize,
  low: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  count: i32,
  weight0: f64,
  weight1: f64,
  weight2: f64,
  weight3: f64,
): bool {
  const w0 = f64x2.splat(weight0);
  const w1 = f64x2.splat(weight1);
  const w2 = f64x2.splat(weight2);
  const w3 = f64x2.splat(weight3);
  let seenOutside = i64x2.splat(0);
  let overflow = i64x2.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    for (let half: usize = 0; half < 2; half++) {
      const a = half ? highTerms<T>(x0, w0) : lowTerms<T>(x0, w0);
      const p = upper(a);
      const b = half ? highTerms<T>(x1, w1) : lowTerms<T>(x1, w1);
      const q = upper(b);
      const c = half ? highTerms<T>(x2, w2) : lowTerms<T>(x2, w2);
      const r = upper(c);
      const d = half ? highTerms<T>(x3, w3) : lowTerms<T>(x3, w3);
      const s = upper(d);
      seenOutside = v128.or(seenOutside, v128.or(outside(p), outside(q)));
      seenOutside = v128.or(seenOutside, v128.or(outside(r), outside(s)));
      const ups = i64x2.add(i64x2.add(p, q), i64x2.add(r, s));
      const downs = i64x2.add(
        i64x2.add(lower(a, p), lower(b, q)),
        i64x2.add(lower(c, r), lower(d, s)),
      );
      const at = half << 4;
      overflow = v128.or(overflow, addLimbs(high + at, low + at, ups, downs, 4));
    }
    x0 += 4 * sizeof<T>();
    x1 += 4 * sizeof<T>();
    x2 += 4 * sizeof<T>();
    x3 += 4 * sizeof<T>();
    high += 32;
    low += 32;
  }
  let ok = allFit(seenOutside, overflow);
  for (; i < count; i++) {
    ok = addOne(high, low, weight0 * one<T>(x0)) && ok;
    ok = addOne(high, low, weight1 * one<T>(x1)) && ok;
    ok = addOne(high, low, weight2 * one<T>(x2)) && ok;
    ok = addOne(high, low, weight3 * one<T>(x3)) && ok;
    x0 += sizeof<T>();
    x1 += sizeof<T>();
    x2 += sizeof<T>();
    x3 += sizeof<T>();
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
