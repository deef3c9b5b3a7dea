import type { UpdateFigures } from './decision.ts';
import type { Rule } from './rule.ts';
import { sumOf, times, type Weighting, weightsOf } from './weights.ts';

/**
 * sum(w_i * x_i) / sum(w_i): federated averaging (McMahan, Moore, Ramage, Hampson and Agüera y Arcas,
 * "Communication-Efficient Learning of Deep Networks from Decentralized Data", AISTATS 2017, Algorithm 1). A mean of
 * deltas on top of the base is the mean of the models, as all silos began at that base.
 *
 * Weights are whole and under 2^29, so weight * float32 is exact in float64; one division comes at the end.
 * `discount` makes an update count less while the divisor stays.
 */
export function meanRule(options: Weighting & { discount?: (update: UpdateFigures) => number }): Rule {
  const discount = options.discount ?? (() => 1);
  return {
    statistics: 'none',
    combine(updates, scales) {
      const weights = weightsOf(updates, options);
      const counted = times(weights, updates.map(discount));
      const [divisor, total] = [sumOf(weights), sumOf(counted)];
      const clipped = times(counted, scales);
      return {
        combination: { kind: 'mean', coefficients: clipped, divisor },
        integers: { kind: 'mean', coefficients: counted, divisor },
        verdicts: counted.map((weight) => ({ included: true, share: weight / total })),
      };
    },
  };
}

/**
 * 1 / sqrt(1 + staleness): Nguyen, Malik, Zhan, Yousefpour, Rabbat, Malek and Huba, "Federated Learning with Buffered
 * Asynchronous Aggregation", AISTATS 2022, section 5.1. As there, the mean is still divided by the undiscounted weight.
 */
export function stalenessDiscount({ staleness }: UpdateFigures): number {
  return 1 / Math.sqrt(1 + staleness);
}
