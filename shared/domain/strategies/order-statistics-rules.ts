/**
 * Coordinate-wise order statistics: Yin, Chen, Kannan and Bartlett, "Byzantine-Robust Distributed Learning: Towards
 * Optimal Statistical Rates", ICML 2018, Definitions 1 and 2. All updates weigh the same: a claimed number of examples
 * must not buy influence.
 */
import type { ByzantineSpec } from '../../contracts/strategy-spec.ts';
import { byzantineCount } from './byzantine.ts';
import { equalVerdicts, type Rule, unmoved } from './rule.ts';

export function medianRule(): Rule {
  return {
    statistics: 'none',
    combine(updates, scales) {
      const count = updates.length;
      return {
        combination: { kind: 'median', scales },
        integers: unmoved(count),
        verdicts: equalVerdicts(count),
      };
    },
  };
}

/** The mean of each coordinate without its f smallest and f largest values. */
export function trimmedMeanRule(byzantine: ByzantineSpec): Rule {
  return {
    statistics: 'none',
    combine(updates, scales) {
      const count = updates.length;
      return {
        combination: { kind: 'trimmed-mean', scales, trim: byzantineCount(byzantine, count) },
        integers: unmoved(count),
        verdicts: equalVerdicts(count),
      };
    },
  };
}
