// Squared distances between the rows of a tile: rows of DISTANCE_BLOCK float64, `used` of them, an even number that is
// filled up with zeros. Two lanes for each pair: even coordinates and odd ones.
import { four, highHalf, lowHalf, one } from './decode';

/** Bytes of a tile's row: 128 float64. */
const ROW: usize = 1024;

/** into[i] = scale * x[i] in float64, and a zero behind an odd count. */
// @ts-ignore: decorator
@inline
export function scaleWide<T>(x: usize, count: i32, scale: f64, into: usize): void {
  const s = f64x2.splat(scale);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    if (sizeof<T>() == 8) {
      v128.store(into, f64x2.mul(v128.load(x), s));
      v128.store(into, f64x2.mul(v128.load(x, 16), s), 16);
    } else {
      const values = four<T>(x);
      v128.store(into, f64x2.mul(lowHalf(values), s));
      v128.store(into, f64x2.mul(highHalf(values), s), 16);
    }
    x += 4 * sizeof<T>();
    into += 32;
  }
  for (; i < count; i++) {
    store<f64>(into, one<T>(x) * scale);
    x += sizeof<T>();
    into += 8;
  }
  if (count & 1) store<f64>(into, 0.0);
}

// @ts-ignore: decorator
@inline
function addSquare(sum: v128, a: v128, b: v128): v128 {
  const difference = f64x2.sub(a, b);
  return f64x2.add(sum, f64x2.mul(difference, difference));
}

// @ts-ignore: decorator
@inline
function record(out: usize, rows: i32, i: i32, j: i32, sums: v128): void {
  const distance = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  const above = out + (<usize>(i * rows + j) << 3);
  const below = out + (<usize>(j * rows + i) << 3);
  store<f64>(above, load<f64>(above) + distance);
  store<f64>(below, load<f64>(below) + distance);
}

/** out[i * rows + j] += the distance of rows i and j, for all pairs; `used` coordinates, even, at most 128. */
export function addDistances(tile: usize, rows: i32, used: i32, out: usize): void {
  const bytes = <usize>used << 3;
  let i = 0;
  for (; i + 2 <= rows; i += 2) {
    const x0 = tile + <usize>i * ROW;
    const x1 = x0 + ROW;
    record(out, rows, i, i + 1, onePair(x0, x1, bytes));
    let j = i + 2;
    for (; j + 4 <= rows; j += 4) eightPairs(x0, tile + <usize>j * ROW, bytes, out, rows, i, j);
    for (; j < rows; j++) {
      const y = tile + <usize>j * ROW;
      record(out, rows, i, j, onePair(x0, y, bytes));
      record(out, rows, i + 1, j, onePair(x1, y, bytes));
    }
  }
}

// @ts-ignore: decorator
@inline
function onePair(x: usize, y: usize, bytes: usize): v128 {
  let sum = f64x2.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    sum = addSquare(sum, v128.load(x + at), v128.load(y + at));
  }
  return sum;
}

// Two rows against four: six loads serve eight pairs, and eight sums in flight hide the adder's latency.
function eightPairs(x: usize, y: usize, bytes: usize, out: usize, rows: i32, i: i32, j: i32): void {
  let s00 = f64x2.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  const end = x + bytes;
  while (x < end) {
    const a = v128.load(x);
    const b = v128.load(x, ROW);
    const p = v128.load(y);
    s00 = addSquare(s00, a, p);
    s10 = addSquare(s10, b, p);
    const q = v128.load(y, ROW);
    s01 = addSquare(s01, a, q);
    s11 = addSquare(s11, b, q);
    const r = v128.load(y, 2 * ROW);
    s02 = addSquare(s02, a, r);
    s12 = addSquare(s12, b, r);
    const s = v128.load(y, 3 * ROW);
    s03 = addSquare(s03, a, s);
    s13 = addSquare(s13, b, s);
    x += 16;
    y += 16;
  }
  record(out, rows, i, j, s00);
  record(out, rows, i, j + 1, s01);
  record(out, rows, i, j + 2, s02);
  record(out, rows, i, j + 3, s03);
  record(out, rows, i + 1, j, s10);
  record(out, rows, i + 1, j + 1, s11);
  record(out, rows, i + 1, j + 2, s12);
  record(out, rows, i + 1, j + 3, s13);
}
