import type { ExperimentSpec } from '../../contracts/spec.ts';
import type { StrategySpec } from '../../contracts/strategy-spec.ts';
import { LOCAL_STEPS } from './fednova-rule.ts';

/** Where training code finds FedProx's mu: the name that Flower gives it. */
export const PROXIMAL_MU = 'proximal-mu';

type Config = ExperimentSpec['training']['config'];

/** What a strategy tells training code, beside the experiment's own configuration. */
export function configOf(strategy: StrategySpec): Config {
  return strategy.kind === 'fedprox' ? { [PROXIMAL_MU]: strategy.mu } : {};
}

/** The metrics that silos report: those of the specification, with what the strategy needs; none asks for all. */
export function reportedMetricsOf(strategy: StrategySpec, wanted: readonly string[]): string[] {
  if (wanted.length === 0 || strategy.kind !== 'fednova' || wanted.includes(LOCAL_STEPS)) return [...wanted];
  return [...wanted, LOCAL_STEPS];
}
