import type { StrategySpec } from '../../contracts/spec.ts';
import { fedavg } from './fedavg.ts';
import type { Strategy } from './strategy.ts';

/** The strategy that a spec names. */
export function strategyOf(spec: StrategySpec): Strategy {
  switch (spec.kind) {
    case 'fedavg':
      return fedavg();
    default:
      throw new Error(`the strategy ${spec.kind} cannot be run yet`);
  }
}
