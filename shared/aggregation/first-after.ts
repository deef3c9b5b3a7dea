/** The first of neighbouring stretches that ends after `at`; `ends` is ascending. Their number where none does. */
export function firstAfter(ends: Float64Array, at: number): number {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Number(ends[middle]) > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
