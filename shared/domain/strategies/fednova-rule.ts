import type { UpdateFigures } from './decision.ts';
import type { Rule } from './rule.ts';
import { sumOf, times, type Weighting, weightsOf } from './weights.ts';

/** The metric that tells how many optimiser steps a silo took. */
export const LOCAL_STEPS = 'local_steps';

/**
 * Normalised averaging: Wang, Liu, Liang, Joshi and Poor, "Tackling the Objective Inconsistency Problem in
 * Heterogeneous Federated Optimization", NeurIPS 2020, equation 6 for plain local SGD, where ||a_i||_1 is the number
 * of local steps t_i. With p_i = w_i / sum(w): step = (sum p_j t_j) * sum(p_i * x_i / t_i).
 *
 * Where all silos take as many steps, this is federated averaging to the bit.
 */
export function fednovaRule(weighting: Weighting): Rule {
  return {
    statistics: 'none',
    lacks(updates) {
      const without = updates.filter((update) => !isStepCount(stepsOf(update))).map(({ silo }) => silo);
      if (without.length === 0) return undefined;
      return `a whole metric ${LOCAL_STEPS} of 1 or more from every silo, and lacks it from ${without.join(', ')}`;
    },
    combine(updates, scales) {
      const weights = weightsOf(updates, weighting);
      const divisor = sumOf(weights);
      const steps = updates.map((update) => Number(stepsOf(update)));
      const effective = sumOf(times(weights, steps)) / divisor;
      const perStep = steps.map((count) => effective / count);
      return {
        combination: {
          kind: 'mean',
          coefficients: times(times(weights, perStep), scales),
          divisor,
        },
        // Counters are no steps of an optimiser: their mean is the plain one.
        integers: { kind: 'mean', coefficients: weights, divisor },
        verdicts: weights.map((weight) => ({ included: true, share: weight / divisor })),
      };
    },
  };
}

function stepsOf({ metrics }: UpdateFigures): number | undefined {
  return Object.hasOwn(metrics, LOCAL_STEPS) ? metrics[LOCAL_STEPS] : undefined;
}

function isStepCount(steps: number | undefined): boolean {
  return steps !== undefined && Number.isSafeInteger(steps) && steps >= 1;
}
