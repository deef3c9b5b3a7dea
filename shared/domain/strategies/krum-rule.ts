import type { ByzantineSpec } from '../../contracts/strategy-spec.ts';
import { byzantineCount } from './byzantine.ts';
import { krumNeighbours, krumScores, lowest, neighboursOf } from './krum-scores.ts';
import { pairwiseOf } from './pairwise.ts';
import type { Rule } from './rule.ts';
import { sumOf, times, type Weighting, weightsOf } from './weights.ts';

/**
 * The weighted mean of the `select` updates with the lowest scores: Krum for 1, multi-Krum (Blanchard et al. 2017,
 * section 4) above. Default: n - f.
 */
export function krumRule(
  options: Weighting & { byzantine: ByzantineSpec; select: number | undefined },
): Rule {
  return {
    statistics: 'distances',
    combine(updates, scales, statistics) {
      const count = updates.length;
      const f = byzantineCount(options.byzantine, count);
      const distances = pairwiseOf(statistics, count);
      const everyone = new Set(updates.keys());
      const neighbours = neighboursOf(distances, count);
      const scores = krumScores(distances, neighbours, everyone, krumNeighbours(count, f));
      const selected = new Set(lowest(scores, options.select ?? count - f));
      const weights = weightsOf(updates, options).map((weight, i) => (selected.has(i) ? weight : 0));
      const divisor = sumOf(weights);
      return {
        combination: {
          kind: 'mean',
          coefficients: times(weights, scales),
          divisor,
        },
        integers: { kind: 'mean', coefficients: weights, divisor },
        verdicts: weights.map((weight, i) => ({
          included: selected.has(i),
          share: weight / divisor,
          score: Number(scores[i]),
        })),
      };
    },
  };
}
