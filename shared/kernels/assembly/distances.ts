// Squared distances between the rows of a tile: rows of DISTANCE_BLOCK elements, of which a multiple of 4 are `used`,
// filled up with zeros. The sums over a tile are added to out[i * rows + j] for i < j.
//
// 1. F64 rows are summed in float64 in two lanes, even coordinates and odd ones.
// 2. float32 rows are summed in float32 in four lanes, which are then added in float64. The sum of a pair whose result
//    is so small that squares may have vanished, or so large that they may have overflowed, is made as in 1 instead.
import { highHalf, lowHalf } from './decode';

/** Elements of a tile's row. */
const BLOCK: usize = 256;
const ROW: usize = BLOCK * 4;
const WIDE_ROW: usize = BLOCK * 8;
/** 2^-80: 256 vanished squares, each below 2^-149, are less than 2^-60 of it. */
const LEAST: f64 = 8.271806125530277e-25;
const MOST: f64 = 3.402823669209385e38;

/** into[i] = scale * x[i] in float64, and zeros up to a multiple of 4. */
export function scaleWide(x: usize, count: i32, scale: f64, into: usize): void {
  const end = into + (<usize>((count + 3) & ~3) << 3);
  for (let i = 0; i < count; i++) {
    store<f64>(into, load<f64>(x) * scale);
    x += 8;
    into += 8;
  }
  for (; into < end; into += 8) store<f64>(into, 0.0);
}

@inline
function addWide(sum: v128, a: v128, b: v128): v128 {
  const difference = f64x2.sub(a, b);
  return f64x2.add(sum, f64x2.mul(difference, difference));
}

@inline
function addNarrow(sum: v128, a: v128, b: v128): v128 {
  const difference = f32x4.sub(a, b);
  return f32x4.add(sum, f32x4.mul(difference, difference));
}

@inline
function lanesOf(sum: v128): f64 {
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

function wideDistance(x: usize, y: usize, used: i32): f64 {
  let sum = f64x2.splat(0);
  const end = x + (<usize>used << 3);
  for (; x < end; x += 16, y += 16) sum = addWide(sum, v128.load(x), v128.load(y));
  return lanesOf(sum);
}

/** As `wideDistance`, of float32 rows. */
function widenedDistance(x: usize, y: usize, used: i32): f64 {
  let sum = f64x2.splat(0);
  const end = x + (<usize>used << 2);
  for (; x < end; x += 8, y += 8) {
    sum = addWide(sum, lowHalf(v128.load64_zero(x)), lowHalf(v128.load64_zero(y)));
  }
  return lanesOf(sum);
}

@inline
function narrowDistance(x: usize, y: usize, used: i32): f64 {
  let sum = f32x4.splat(0);
  const end = <usize>used << 2;
  for (let at: usize = 0; at < end; at += 16) {
    sum = addNarrow(sum, v128.load(x + at), v128.load(y + at));
  }
  return settled(sum, x, y, used);
}

/** The lanes' sum, or the careful one. */
@inline
function settled(sum: v128, x: usize, y: usize, used: i32): f64 {
  const distance = lanesOf(f64x2.add(lowHalf(sum), highHalf(sum)));
  if (distance >= LEAST && distance < MOST) return distance;
  return widenedDistance(x, y, used);
}

@inline
function add(out: usize, distance: f64): void {
  store<f64>(out, load<f64>(out) + distance);
}

/** Two neighbouring pairs: x with y, and x with the row behind y. The same bits as `settled` of each. */
@inline
function addTwo(out: usize, first: v128, second: v128, x: usize, y: usize, used: i32): void {
  const p = f64x2.add(lowHalf(first), highHalf(first));
  const q = f64x2.add(lowHalf(second), highHalf(second));
  const both = f64x2.add(v128.shuffle<i64>(p, q, 0, 2), v128.shuffle<i64>(p, q, 1, 3));
  const fit = v128.and(f64x2.ge(both, f64x2.splat(LEAST)), f64x2.lt(both, f64x2.splat(MOST)));
  if (i64x2.all_true(fit)) {
    v128.store(out, f64x2.add(v128.load(out), both));
  } else {
    add(out, settled(first, x, y, used));
    add(out + 8, settled(second, x, y + ROW, used));
  }
}

export function addDistancesF64(tile: usize, rows: i32, used: i32, out: usize): void {
  for (let i = 0; i < rows; i++) {
    for (let j = i + 1; j < rows; j++) {
      const distance = wideDistance(tile + <usize>i * WIDE_ROW, tile + <usize>j * WIDE_ROW, used);
      add(out + (<usize>(i * rows + j) << 3), distance);
    }
  }
}

export function addDistancesF32(tile: usize, rows: i32, used: i32, out: usize): void {
  let i = 0;
  for (; i + 2 <= rows; i += 2) {
    const x = tile + <usize>i * ROW;
    const above = out + (<usize>(i * rows) << 3);
    const below = above + (<usize>rows << 3);
    add(above + (<usize>(i + 1) << 3), narrowDistance(x, x + ROW, used));
    let j = i + 2;
    for (; j + 4 <= rows; j += 4) {
      const column = <usize>j << 3;
      eightPairs(x, tile + <usize>j * ROW, used, above + column, below + column);
    }
    for (; j < rows; j++) {
      const y = tile + <usize>j * ROW;
      add(above + (<usize>j << 3), narrowDistance(x, y, used));
      add(below + (<usize>j << 3), narrowDistance(x + ROW, y, used));
    }
  }
}

// Two rows against four: six loads serve eight pairs, and eight sums in flight hide the adder's latency.
function eightPairs(x: usize, y: usize, used: i32, above: usize, below: usize): void {
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  const bytes = <usize>used << 2;
  const end = x + bytes;
  while (x < end) {
    const a = v128.load(x);
    const b = v128.load(x, ROW);
    const p = v128.load(y);
    s00 = addNarrow(s00, a, p);
    s10 = addNarrow(s10, b, p);
    const q = v128.load(y, ROW);
    s01 = addNarrow(s01, a, q);
    s11 = addNarrow(s11, b, q);
    const r = v128.load(y, 2 * ROW);
    s02 = addNarrow(s02, a, r);
    s12 = addNarrow(s12, b, r);
    const s = v128.load(y, 3 * ROW);
    s03 = addNarrow(s03, a, s);
    s13 = addNarrow(s13, b, s);
    x += 16;
    y += 16;
  }
  x -= bytes;
  y -= bytes;
  addTwo(above, s00, s01, x, y, used);
  addTwo(above + 16, s02, s03, x, y + 2 * ROW, used);
  x += ROW;
  addTwo(below, s10, s11, x, y, used);
  addTwo(below + 16, s12, s13, x, y + 2 * ROW, used);
}

/** out[j * rows + i] = out[i * rows + j] for i < j. */
export function mirror(rows: i32, out: usize): void {
  for (let i = 0; i < rows; i++) {
    for (let j = i + 1; j < rows; j++) {
      store<f64>(out + (<usize>(j * rows + i) << 3), load<f64>(out + (<usize>(i * rows + j) << 3)));
    }
  }
}
