// What is made of sorted rows: `sorted` holds ranks one after another, `stride` bytes apart, of f32 or f64.

@inline
function pair<T>(p: usize): v128 {
  if (sizeof<T>() == 8) return v128.load(p);
  return f64x2.promote_low_f32x4(v128.load64_zero(p));
}

/** The stores of a last odd column must not reach into what lies behind. */
@inline
function put(acc: usize, values: v128, left: i32): void {
  if (left >= 2) v128.store(acc, values);
  else v128.store64_lane(acc, values, 0);
}

/** The only rank, or the mean of two. */
@inline
export function middle<T>(sorted: usize, stride: usize, ranks: i32, count: i32, acc: usize): void {
  for (let left = count; left > 0; left -= 2) {
    let value = pair<T>(sorted);
    if (ranks == 2) {
      value = f64x2.mul(f64x2.add(value, pair<T>(sorted + stride)), f64x2.splat(0.5));
    }
    put(acc, value, left);
    sorted += 2 * sizeof<T>();
    acc += 16;
  }
}

/** The mean of all ranks, summed in ascending order. */
@inline
export function meanOfRanks<T>(sorted: usize, stride: usize, ranks: i32, count: i32, acc: usize): void {
  const divisor = f64x2.splat(<f64>ranks);
  for (let left = count; left > 0; left -= 4) {
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    let at = sorted;
    for (let rank = 0; rank < ranks; rank++) {
      low = f64x2.add(low, pair<T>(at));
      high = f64x2.add(high, pair<T>(at + 2 * sizeof<T>()));
      at += stride;
    }
    put(acc, f64x2.div(low, divisor), left);
    if (left > 2) put(acc + 16, f64x2.div(high, divisor), left - 2);
    sorted += 4 * sizeof<T>();
    acc += 32;
  }
}

/**
 * The mean of the `keep` ranks nearest to the middle, ties to the smaller, summed in ascending order. The kept ranks
 * are neighbours. Rank r gives way to rank r + keep where it lies farther from the middle; this holds for all ranks
 * below the first kept one and for none from there on, so rank r is kept where it does not give way itself and rank
 * r - keep does.
 */
@inline
export function meanNearMiddle<T>(
  sorted: usize,
  stride: usize,
  ranks: i32,
  keep: i32,
  count: i32,
  acc: usize,
): void {
  const divisor = f64x2.splat(<f64>keep);
  const half = <usize>(ranks >> 1) * stride;
  const reach = <usize>keep * stride;
  for (let left = count; left > 0; left -= 2) {
    let median = pair<T>(sorted + half);
    if ((ranks & 1) == 0) {
      median = f64x2.mul(f64x2.add(pair<T>(sorted + half - stride), median), f64x2.splat(0.5));
    }
    let sum = f64x2.splat(0);
    let at = sorted;
    for (let rank = 0; rank < ranks; rank++) {
      const value = pair<T>(at);
      let kept = i64x2.splat(-1);
      if (rank + keep < ranks) {
        kept = v128.andnot(kept, givesWay(median, value, pair<T>(at + reach)));
      }
      if (rank >= keep) kept = v128.and(kept, givesWay(median, pair<T>(at - reach), value));
      sum = f64x2.add(sum, v128.and(value, kept));
      at += stride;
    }
    put(acc, f64x2.div(sum, divisor), left);
    sorted += 2 * sizeof<T>();
    acc += 16;
  }
}

@inline
function givesWay(median: v128, lower: v128, upper: v128): v128 {
  return f64x2.gt(f64x2.sub(median, lower), f64x2.sub(upper, median));
}
