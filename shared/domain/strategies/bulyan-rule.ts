import type { ByzantineSpec } from '../../contracts/strategy-spec.ts';
import { byzantineCount } from './byzantine.ts';
import { krumNeighbours, krumScores, lowest, neighboursOf } from './krum-scores.ts';
import { pairwiseOf } from './pairwise.ts';
import type { Rule } from './rule.ts';

/**
 * El Mhamdi, Guerraoui and Rouault, "The Hidden Vulnerability of Distributed Learning in Byzantium", ICML 2018,
 * section 4. First Krum picks n - 2f updates one after the other, each time among those that are left; then each
 * coordinate is the mean of the n - 4f picked values that lie nearest to their median.
 */
export function bulyanRule(byzantine: ByzantineSpec): Rule {
  return {
    statistics: 'distances',
    combine(updates, scales, statistics) {
      const count = updates.length;
      const f = byzantineCount(byzantine, count);
      const distances = pairwiseOf(statistics, count);
      const { picked, scores } = pickOneByOne(distances, count, f);
      const members = picked.toSorted((a, b) => a - b);
      const coefficients = updates.map((_, i) => (members.includes(i) ? 1 : 0));
      return {
        combination: { kind: 'near-median-mean', scales, members, keep: members.length - 2 * f },
        integers: { kind: 'mean', coefficients, divisor: members.length },
        verdicts: coefficients.map((coefficient, i) => ({
          included: coefficient === 1,
          share: coefficient / members.length,
          score: Number(scores[i]),
        })),
      };
    },
  };
}

/** The picks in their order, and the scores among all. */
function pickOneByOne(
  distances: Float64Array,
  count: number,
  f: number,
): { picked: number[]; scores: number[] } {
  const neighbours = neighboursOf(distances, count);
  const left = new Set(Array.from({ length: count }, (_, index) => index));
  const scores = krumScores(distances, neighbours, left, krumNeighbours(count, f));
  const picked: number[] = [];
  while (picked.length < count - 2 * f) {
    const among = krumScores(distances, neighbours, left, krumNeighbours(left.size, f));
    const [best = 0] = lowest(among, 1);
    picked.push(best);
    left.delete(best);
  }
  return { picked, scores };
}
