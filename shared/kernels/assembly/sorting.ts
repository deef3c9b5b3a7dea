// Order statistics by comparator networks: a network is a list of pairs of rows, and each pair puts the smaller of two
// values first, in 16 columns (8 of float64) at once. -0 becomes +0, so that values that compare equal are equal.
import { four, highHalf, lowHalf, one } from './decode';

/** Bytes of one row in the working area: the columns that pass through the network together. */
const GROUP: usize = 64;

/** into[i] = float32(scale * x[i]) and zeros up to a multiple of 4 for dtypes up to 4 bytes; float64 otherwise. */
@inline
export function scaleRow<T>(x: usize, count: i32, scale: f64, into: usize): void {
  const s = f64x2.splat(scale);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    if (sizeof<T>() == 8) {
      v128.store(into, f64x2.mul(v128.load(x), s));
      v128.store(into, f64x2.mul(v128.load(x, 16), s), 16);
      into += 32;
    } else {
      const values = four<T>(x);
      const low = f32x4.demote_f64x2_zero(f64x2.mul(lowHalf(values), s));
      const high = f32x4.demote_f64x2_zero(f64x2.mul(highHalf(values), s));
      v128.store(into, v128.shuffle<i64>(low, high, 0, 2));
      into += 16;
    }
    x += 4 * sizeof<T>();
  }
  for (; i < count; i++) {
    if (sizeof<T>() == 8) {
      store<f64>(into, load<f64>(x) * scale);
      into += 8;
    } else {
      store<f32>(into, <f32>(one<T>(x) * scale));
      into += 4;
    }
    x += sizeof<T>();
  }
  if (sizeof<T>() == 8) return;
  for (; i & 3; i++) {
    store<f32>(into, 0);
    into += 4;
  }
}

/** into[i] = x[i] as float32, for a scale of 1, and zeros up to a multiple of 4. */
@inline
export function widenRow<T>(x: usize, count: i32, into: usize): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    v128.store(into, four<T>(x));
    x += 4 * sizeof<T>();
    into += 16;
  }
  for (; i < count; i++) {
    store<f32>(into, <f32>one<T>(x));
    x += sizeof<T>();
    into += 4;
  }
  for (; i & 3; i++) {
    store<f32>(into, 0);
    into += 4;
  }
}

@inline
function withoutSignedZero<T>(x: v128): v128 {
  if (sizeof<T>() == 8) return f64x2.add(x, f64x2.splat(0));
  return f32x4.add(x, f32x4.splat(0));
}

@inline
function comparator<T>(a: usize, b: usize): void {
  const x = v128.load(a);
  const y = v128.load(b);
  if (sizeof<T>() == 8) {
    v128.store(a, f64x2.pmin(x, y));
    v128.store(b, f64x2.pmax(x, y));
  } else {
    v128.store(a, f32x4.pmin(x, y));
    v128.store(b, f32x4.pmax(x, y));
  }
}

/**
 * Sorts `groups` groups of columns of `rows` rows and writes the ranks from `first` to `last`, one after another
 * `stride` bytes apart. `pointers` holds the rows' addresses, `network` pairs of 16-bit row numbers; `work` has room for
 * 64 bytes a row.
 */
@inline
export function sortGroups<T>(
  pointers: usize,
  rows: i32,
  groups: i32,
  network: usize,
  pairs: i32,
  work: usize,
  first: i32,
  last: i32,
  into: usize,
  stride: usize,
): void {
  const networkEnd = network + (<usize>pairs << 2);
  const pointersEnd = pointers + (<usize>rows << 2);
  for (let group = 0; group < groups; group++) {
    const column = <usize>group * GROUP;
    let at = work;
    for (let pointer = pointers; pointer < pointersEnd; pointer += 4) {
      const row = <usize>load<u32>(pointer) + column;
      v128.store(at, withoutSignedZero<T>(v128.load(row)));
      v128.store(at, withoutSignedZero<T>(v128.load(row, 16)), 16);
      v128.store(at, withoutSignedZero<T>(v128.load(row, 32)), 32);
      v128.store(at, withoutSignedZero<T>(v128.load(row, 48)), 48);
      at += GROUP;
    }
    for (let pair = network; pair < networkEnd; pair += 4) {
      const a = work + <usize>load<u16>(pair) * GROUP;
      const b = work + <usize>load<u16>(pair, 2) * GROUP;
      comparator<T>(a, b);
      comparator<T>(a + 16, b + 16);
      comparator<T>(a + 32, b + 32);
      comparator<T>(a + 48, b + 48);
    }
    at = work + <usize>first * GROUP;
    let to = into + column;
    for (let rank = first; rank <= last; rank++) {
      v128.store(to, v128.load(at));
      v128.store(to, v128.load(at, 16), 16);
      v128.store(to, v128.load(at, 32), 32);
      v128.store(to, v128.load(at, 48), 48);
      at += GROUP;
      to += stride;
    }
  }
}
