import type { StrategySpec } from '../../contracts/strategy-spec.ts';
import { byzantineCount } from './byzantine.ts';

/**
 * Whether `count` updates are enough for what a strategy promises: undefined, or what it needs, as the end of a
 * sentence. Krum: Blanchard et al. 2017, Proposition 4.2. Bulyan: El Mhamdi et al. 2018, section 4.
 */
export function lackOfUpdates(spec: StrategySpec, count: number): string | undefined {
  switch (spec.kind) {
    case 'trimmed-mean': {
      const f = byzantineCount(spec.byzantine, count);
      return atLeast(2 * f + 1, 'more than 2f', f, count);
    }
    case 'krum':
    case 'multi-krum': {
      const f = byzantineCount(spec.byzantine, count);
      const enough = atLeast(2 * f + 3, '2f + 3', f, count);
      const select = spec.kind === 'multi-krum' ? (spec.select ?? count - f) : 1;
      if (enough !== undefined || select <= count - f) return enough;
      return `n - f >= select = ${select}, and of n = ${count} updates f = ${f} may be hostile`;
    }
    case 'bulyan': {
      const f = byzantineCount(spec.byzantine, count);
      return atLeast(4 * f + 3, '4f + 3', f, count);
    }
    default:
      return undefined;
  }
}

function atLeast(needed: number, formula: string, f: number, count: number): string | undefined {
  if (count >= needed) return undefined;
  return `at least ${needed} updates (${formula} for f = ${f} hostile ones), and there are ${count}`;
}
