// Sums across coordinates in eight lanes: coordinate i belongs to lane i mod 8. See the reference for the order.
import { four, fourOfAny, highHalf, lowHalf, one, oneOfAny } from './decode';

@inline
function lanesTotal(a: v128, b: v128, c: v128, d: v128): f64 {
  return (
    f64x2.extract_lane(a, 0) +
    f64x2.extract_lane(a, 1) +
    (f64x2.extract_lane(b, 0) + f64x2.extract_lane(b, 1)) +
    (f64x2.extract_lane(c, 0) +
      f64x2.extract_lane(c, 1) +
      (f64x2.extract_lane(d, 0) + f64x2.extract_lane(d, 1)))
  );
}

@inline
function addSquare(sum: v128, x: v128): v128 {
  return f64x2.add(sum, f64x2.mul(x, x));
}

// The sum of squares, or -1 where an element is not finite: x * 0 is 0 for a finite x, NaN for others, and NaN stays in
// a sum.
@inline
export function checkedSquares<T>(x: usize, count: i32): f64 {
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let zero = a;
  const none = a;
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    if (sizeof<T>() == 8) {
      const p = v128.load(x);
      const q = v128.load(x, 16);
      const r = v128.load(x, 32);
      const s = v128.load(x, 48);
      a = addSquare(a, p);
      b = addSquare(b, q);
      c = addSquare(c, r);
      d = addSquare(d, s);
      zero = f64x2.add(zero, f64x2.mul(p, none));
      zero = f64x2.add(zero, f64x2.mul(q, none));
      zero = f64x2.add(zero, f64x2.mul(r, none));
      zero = f64x2.add(zero, f64x2.mul(s, none));
    } else {
      const p = fourOfAny<T>(x);
      const q = fourOfAny<T>(x + 4 * sizeof<T>());
      a = addSquare(a, lowHalf(p));
      b = addSquare(b, highHalf(p));
      c = addSquare(c, lowHalf(q));
      d = addSquare(d, highHalf(q));
      zero = f32x4.add(zero, f32x4.mul(p, none));
      zero = f32x4.add(zero, f32x4.mul(q, none));
    }
    x += 8 * sizeof<T>();
  }
  let finite =
    sizeof<T>() == 8
      ? i64x2.all_true(f64x2.eq(zero, none))
      : i32x4.all_true(f32x4.eq(zero, none));
  for (let lane = 0; i < count; i++, lane++) {
    const value = oneOfAny<T>(x);
    finite = finite && value * 0.0 == 0.0;
    const square = value * value;
    if (lane < 2) a = addToLane(a, lane, square);
    else if (lane < 4) b = addToLane(b, lane, square);
    else if (lane < 6) c = addToLane(c, lane, square);
    else d = addToLane(d, lane, square);
    x += sizeof<T>();
  }
  return finite ? lanesTotal(a, b, c, d) : -1.0;
}

@inline
function addToLane(sums: v128, lane: i32, term: f64): v128 {
  return lane & 1
    ? f64x2.replace_lane(sums, 1, f64x2.extract_lane(sums, 1) + term)
    : f64x2.replace_lane(sums, 0, f64x2.extract_lane(sums, 0) + term);
}

@inline
export function product<T>(x: usize, y: usize, count: i32): f64 {
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    if (sizeof<T>() == 8) {
      a = f64x2.add(a, f64x2.mul(v128.load(x), v128.load(y)));
      b = f64x2.add(b, f64x2.mul(v128.load(x, 16), v128.load(y, 16)));
      c = f64x2.add(c, f64x2.mul(v128.load(x, 32), v128.load(y, 32)));
      d = f64x2.add(d, f64x2.mul(v128.load(x, 48), v128.load(y, 48)));
    } else {
      const p = four<T>(x);
      const q = four<T>(x + 4 * sizeof<T>());
      const r = four<T>(y);
      const s = four<T>(y + 4 * sizeof<T>());
      a = f64x2.add(a, f64x2.mul(lowHalf(p), lowHalf(r)));
      b = f64x2.add(b, f64x2.mul(highHalf(p), highHalf(r)));
      c = f64x2.add(c, f64x2.mul(lowHalf(q), lowHalf(s)));
      d = f64x2.add(d, f64x2.mul(highHalf(q), highHalf(s)));
    }
    x += 8 * sizeof<T>();
    y += 8 * sizeof<T>();
  }
  for (let lane = 0; i < count; i++, lane++) {
    const term = one<T>(x) * one<T>(y);
    if (lane < 2) a = addToLane(a, lane, term);
    else if (lane < 4) b = addToLane(b, lane, term);
    else if (lane < 6) c = addToLane(c, lane, term);
    else d = addToLane(d, lane, term);
    x += sizeof<T>();
    y += sizeof<T>();
  }
  return lanesTotal(a, b, c, d);
}
