import type { StrategySpec } from '../../contracts/strategy-spec.ts';
import type { SumMode } from './fold-plan.ts';

/** How a strategy's sums are formed; recorded with every frozen set and version. */
export function sumModeOf(spec: StrategySpec): SumMode {
  return 'sum' in spec && spec.sum === 'exact' ? 'exact-fixed/1' : 'canonical-f64/1';
}
