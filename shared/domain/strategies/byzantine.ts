import type { ByzantineSpec } from '../../contracts/strategy-spec.ts';

/** f, the number of hostile updates to withstand among `count`. */
export function byzantineCount(spec: ByzantineSpec, count: number): number {
  // 0.29 * 100 is a little less than 29 in float64; it means 29.
  return typeof spec === 'number' ? spec : Math.floor(spec.fraction * count + 1e-9);
}
