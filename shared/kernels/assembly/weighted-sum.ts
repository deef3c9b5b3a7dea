import { four, highHalf, lowHalf, one } from './decode';

@inline
function addTo(acc: usize, term: v128): void {
  v128.store(acc, f64x2.add(v128.load(acc), term));
}

@inline
export function accumulate<T>(acc: usize, x: usize, count: i32, coefficient: f64): void {
  const c = f64x2.splat(coefficient);
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    if (sizeof<T>() == 8) {
      addTo(acc, f64x2.mul(v128.load(x), c));
      addTo(acc + 16, f64x2.mul(v128.load(x, 16), c));
      addTo(acc + 32, f64x2.mul(v128.load(x, 32), c));
      addTo(acc + 48, f64x2.mul(v128.load(x, 48), c));
    } else if (sizeof<T>() == 4) {
      addTo(acc, f64x2.mul(lowHalf(v128.load64_zero(x)), c));
      addTo(acc + 16, f64x2.mul(lowHalf(v128.load64_zero(x, 8)), c));
      addTo(acc + 32, f64x2.mul(lowHalf(v128.load64_zero(x, 16)), c));
      addTo(acc + 48, f64x2.mul(lowHalf(v128.load64_zero(x, 24)), c));
    } else {
      const a = four<T>(x);
      const b = four<T>(x + 8);
      addTo(acc, f64x2.mul(lowHalf(a), c));
      addTo(acc + 16, f64x2.mul(highHalf(a), c));
      addTo(acc + 32, f64x2.mul(lowHalf(b), c));
      addTo(acc + 48, f64x2.mul(highHalf(b), c));
    }
    x += 8 * sizeof<T>();
    acc += 64;
  }
  for (; i < count; i++) {
    store<f64>(acc, load<f64>(acc) + coefficient * one<T>(x));
    x += sizeof<T>();
    acc += 8;
  }
}

// Each accumulator takes its four terms in turn, each rounded, as four calls of `accumulate` would add them.
@inline
export function accumulateFour<T>(
  acc: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  count: i32,
  c0: f64,
  c1: f64,
  c2: f64,
  c3: f64,
): void {
  const k0 = f64x2.splat(c0);
  const k1 = f64x2.splat(c1);
  const k2 = f64x2.splat(c2);
  const k3 = f64x2.splat(c3);
  const end = acc + ((<usize>count & ~3) << 3);
  while (acc < end) {
    let low = v128.load(acc);
    let high = v128.load(acc, 16);
    if (sizeof<T>() == 8) {
      low = f64x2.add(low, f64x2.mul(v128.load(x0), k0));
      high = f64x2.add(high, f64x2.mul(v128.load(x0, 16), k0));
      low = f64x2.add(low, f64x2.mul(v128.load(x1), k1));
      high = f64x2.add(high, f64x2.mul(v128.load(x1, 16), k1));
      low = f64x2.add(low, f64x2.mul(v128.load(x2), k2));
      high = f64x2.add(high, f64x2.mul(v128.load(x2, 16), k2));
      low = f64x2.add(low, f64x2.mul(v128.load(x3), k3));
      high = f64x2.add(high, f64x2.mul(v128.load(x3, 16), k3));
    } else if (sizeof<T>() == 4) {
      low = f64x2.add(low, f64x2.mul(lowHalf(v128.load64_zero(x0)), k0));
      high = f64x2.add(high, f64x2.mul(lowHalf(v128.load64_zero(x0, 8)), k0));
      low = f64x2.add(low, f64x2.mul(lowHalf(v128.load64_zero(x1)), k1));
      high = f64x2.add(high, f64x2.mul(lowHalf(v128.load64_zero(x1, 8)), k1));
      low = f64x2.add(low, f64x2.mul(lowHalf(v128.load64_zero(x2)), k2));
      high = f64x2.add(high, f64x2.mul(lowHalf(v128.load64_zero(x2, 8)), k2));
      low = f64x2.add(low, f64x2.mul(lowHalf(v128.load64_zero(x3)), k3));
      high = f64x2.add(high, f64x2.mul(lowHalf(v128.load64_zero(x3, 8)), k3));
    } else {
      const a = four<T>(x0);
      low = f64x2.add(low, f64x2.mul(lowHalf(a), k0));
      high = f64x2.add(high, f64x2.mul(highHalf(a), k0));
      const b = four<T>(x1);
      low = f64x2.add(low, f64x2.mul(lowHalf(b), k1));
      high = f64x2.add(high, f64x2.mul(highHalf(b), k1));
      const c = four<T>(x2);
      low = f64x2.add(low, f64x2.mul(lowHalf(c), k2));
      high = f64x2.add(high, f64x2.mul(highHalf(c), k2));
      const d = four<T>(x3);
      low = f64x2.add(low, f64x2.mul(lowHalf(d), k3));
      high = f64x2.add(high, f64x2.mul(highHalf(d), k3));
    }
    v128.store(acc, low);
    v128.store(acc, high, 16);
    acc += 32;
    x0 += 4 * sizeof<T>();
    x1 += 4 * sizeof<T>();
    x2 += 4 * sizeof<T>();
    x3 += 4 * sizeof<T>();
  }
  for (let rest = count & 3; rest > 0; rest--) {
    let sum = load<f64>(acc) + c0 * one<T>(x0);
    sum += c1 * one<T>(x1);
    sum += c2 * one<T>(x2);
    store<f64>(acc, sum + c3 * one<T>(x3));
    acc += 8;
    x0 += sizeof<T>();
    x1 += sizeof<T>();
    x2 += sizeof<T>();
    x3 += sizeof<T>();
  }
}

export function divide(acc: usize, count: i32, divisor: f64): void {
  const d = f64x2.splat(divisor);
  for (let pairs = count >> 1; pairs > 0; pairs--) {
    v128.store(acc, f64x2.div(v128.load(acc), d));
    acc += 16;
  }
  if (count & 1) store<f64>(acc, load<f64>(acc) / divisor);
}
