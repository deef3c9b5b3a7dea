/**
 * Krum's score of an update is the sum of its squared distances to its nearest neighbours: Blanchard, El Mhamdi,
 * Guerraoui and Stainer, "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent", NeurIPS 2017.
 * Distances are sums of squared differences: the expansion ||x||^2 + ||y||^2 - 2xy cancels where updates lie close
 * together, and then picks wrongly.
 */

/** For each update the others, nearest first; equal distances in canonical order. */
export function neighboursOf(distances: Float64Array, count: number): number[][] {
  const everyone = Array.from({ length: count }, (_, index) => index);
  return everyone.map((i) => {
    const row = distances.subarray(i * count, (i + 1) * count);
    return everyone.filter((j) => j !== i).sort((a, b) => Number(row[a]) - Number(row[b]) || a - b);
  });
}

/**
 * Scores of the `members` among themselves: each the sum over its `nearest` nearest, in ascending order. Who is no
 * member scores infinity. With too few members for `nearest`, all count.
 */
export function krumScores(
  distances: Float64Array,
  neighbours: readonly (readonly number[])[],
  members: ReadonlySet<number>,
  nearest: number,
): number[] {
  const count = neighbours.length;
  return neighbours.map((others, i) => {
    if (!members.has(i)) return Number.POSITIVE_INFINITY;
    let [score, taken] = [0, 0];
    for (const j of others) {
      if (taken === nearest) break;
      if (!members.has(j)) continue;
      score += Number(distances[i * count + j]);
      taken++;
    }
    return score;
  });
}

/** How many neighbours count among `count` updates of which `f` may be hostile: n - f - 2, at least one. */
export function krumNeighbours(count: number, f: number): number {
  return Math.max(1, count - f - 2);
}

/** The `wanted` indices with the lowest scores, best first; equal scores in canonical order. */
export function lowest(scores: readonly number[], wanted: number): number[] {
  return scores
    .map((_, index) => index)
    .sort((a, b) => Number(scores[a]) - Number(scores[b]) || a - b)
    .slice(0, wanted);
}
