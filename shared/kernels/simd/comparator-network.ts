/**
 * Sorting networks by merge exchange (Batcher 1968; Knuth volume 3, 5.2.2, algorithm M): pairs (a, b), a < b, each of
 * which puts the smaller of two values at a. The pairs depend on the number of values alone, so many columns go
 * through a network side by side.
 */
export type Comparator = readonly [number, number];

/** Sorts `rows` values completely. */
export function mergeExchange(rows: number): Comparator[] {
  const pairs: Comparator[] = [];
  const top = 2 ** Math.max(0, Math.ceil(Math.log2(rows)) - 1);
  for (let p = top; p >= 1; p /= 2) {
    let distance = p;
    let remainder = 0;
    for (let q = top; ; q /= 2) {
      for (let i = 0; i + distance < rows; i++) {
        if ((i & p) === remainder) pairs.push([i, i + distance]);
      }
      if (q === p) break;
      distance = q - p;
      remainder = p;
    }
  }
  return rows > 1 ? pairs : [];
}

/** What is left of `mergeExchange` when only the ranks from `first` to `last` are read afterwards. */
export function selectionNetwork(rows: number, first: number, last: number): Comparator[] {
  const wanted = new Uint8Array(rows).fill(1, first, last + 1);
  const kept = mergeExchange(rows)
    .reverse()
    .filter(([a, b]) => {
      if (!wanted[a] && !wanted[b]) return false;
      wanted[a] = 1;
      wanted[b] = 1;
      return true;
    });
  return kept.reverse();
}
