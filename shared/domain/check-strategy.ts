import type { ExperimentSpec } from '../contracts/spec.ts';
import { cohortSize } from './cohort.ts';
import { lackOfUpdates } from './strategies/needed-updates.ts';
import { PROXIMAL_MU } from './strategies/task-of-strategy.ts';

export interface StrategyFlaw {
  readonly path: string;
  readonly message: string;
}

/** What makes a strategy impossible whatever the silos do; undefined where it can work. */
export function flawOfStrategy(spec: ExperimentSpec): StrategyFlaw | undefined {
  const { strategy, silos } = spec;
  if ('sum' in strategy && strategy.sum === 'exact' && strategy.clip !== undefined) {
    const message = 'exact sums need whole coefficients, and clipping multiplies by fractions';
    return { path: 'strategy.sum', message };
  }
  if (strategy.kind === 'fedprox' && Object.hasOwn(spec.training.config, PROXIMAL_MU)) {
    const message = `the strategy fedprox sets it to its mu, ${strategy.mu}`;
    return { path: `training.config.${PROXIMAL_MU}`, message };
  }
  if (strategy.kind === 'fltrust') {
    if (!silos.includes(strategy.trustedSilo)) {
      const message = `${strategy.trustedSilo} is not among the experiment's silos`;
      return { path: 'strategy.trustedSilo', message };
    }
    if (cohortSize(spec.roundPolicy.cohort, silos.length) < silos.length) {
      const message = 'fltrust needs the trusted silo in every round, so every round must ask all silos';
      return { path: 'roundPolicy.cohort', message };
    }
  }
  return flawOfCounts(spec);
}

/** A round may close with any number of updates from the quorum to the whole cohort. */
function flawOfCounts(spec: ExperimentSpec): StrategyFlaw | undefined {
  const asked = cohortSize(spec.roundPolicy.cohort, spec.silos.length);
  for (let count = spec.roundPolicy.quorum ?? asked; count <= asked; count++) {
    const lack = lackOfUpdates(spec.strategy, count);
    if (lack !== undefined) {
      const message = `a round may close with ${count} updates, and ${spec.strategy.kind} needs ${lack}`;
      return { path: 'strategy', message };
    }
  }
  return undefined;
}
