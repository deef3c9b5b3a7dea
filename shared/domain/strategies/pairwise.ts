import type { Statistics } from './decision.ts';
import { StrategyFault } from './strategy-fault.ts';

/** K x K squared distances, finite: an infinite one (float64 tensors of 1e154 and more) allows no comparison. */
export function pairwiseOf({ distances }: Statistics, count: number): Float64Array {
  if (distances?.length !== count * count) throw new Error('this rule decides by pairwise distances');
  if (!distances.every((distance) => distance < Number.POSITIVE_INFINITY)) {
    throw new StrategyFault('Two updates lie so far apart that their distance is not finite.');
  }
  return distances;
}
