/**
 * Geometric median: the point whose distances to the updates, weighted, sum to the least. Pillutla, Kakade and
 * Harchaoui, "Robust Aggregation for Federated Learning", IEEE Transactions on Signal Processing 2022, Algorithm 1
 * (smoothed Weiszfeld).
 *
 * The median is a convex combination v = sum(a_j * x_j), and ||x_i - v||^2 = sum_j a_j D_ij - (1/2) sum_jk a_j a_k D_jk
 * with D_ij = ||x_i - x_j||^2: iterations need the distances alone, and the updates are read twice however many there
 * are.
 */
import { pairwiseOf } from './pairwise.ts';
import type { Rule } from './rule.ts';
import { sumOf, times, type Weighting, weightsOf } from './weights.ts';

const MAX_ITERATIONS = 500;
/** Coefficients sum to 1; where none moves by more than this, another iteration would not show in float32. */
const CONVERGED = 1e-12;

export function geometricMedianRule(options: Weighting & { smoothing: number }): Rule {
  return {
    statistics: 'distances',
    combine(updates, scales, statistics) {
      const weights = weightsOf(updates, options);
      const distances = pairwiseOf(statistics, updates.length);
      const found = geometricMedian(distances, weights, options.smoothing);
      return {
        combination: {
          kind: 'mean',
          coefficients: times(found.coefficients, scales),
          divisor: 1,
        },
        integers: { kind: 'mean', coefficients: found.coefficients, divisor: 1 },
        verdicts: found.coefficients.map((share, i) => ({
          included: true,
          share,
          score: Number(found.radii[i]),
        })),
      };
    },
  };
}

/** Coefficients that sum to 1, and each update's distance to the median that they make. */
export function geometricMedian(
  distances: Float64Array,
  weights: readonly number[],
  smoothing: number,
): { coefficients: number[]; radii: number[] } {
  let coefficients = normalised(weights);
  let radii = radiiOf(distances, coefficients);
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const near = radii;
    const next = normalised(weights.map((weight, i) => weight / Math.max(smoothing, Number(near[i]))));
    const moved = next.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - Number(coefficients[i]))),
      0,
    );
    coefficients = next;
    radii = radiiOf(distances, coefficients);
    if (moved <= CONVERGED) break;
  }
  return { coefficients, radii };
}

function radiiOf(distances: Float64Array, coefficients: readonly number[]): number[] {
  const count = coefficients.length;
  const toPoint = coefficients.map((_, i) => {
    let sum = 0;
    for (let j = 0; j < count; j++) sum += Number(coefficients[j]) * Number(distances[i * count + j]);
    return sum;
  });
  const spread = sumOf(times(coefficients, toPoint)) / 2;
  // Rounding can carry the square of a tiny radius below zero.
  return toPoint.map((square) => Math.sqrt(Math.max(0, square - spread)));
}

function normalised(values: readonly number[]): number[] {
  const total = sumOf(values);
  return values.map((value) => value / total);
}
