import type { Statistics, StatisticsWanted, UpdateFigures, Verdict } from './decision.ts';
import type { Combination } from './fold-plan.ts';

export type Mean = Combination & { readonly kind: 'mean' };

export interface RuleDecision {
  readonly combination: Combination;
  readonly control?: Mean;
  readonly integers: Mean;
  readonly verdicts: readonly Verdict[];
}

/** The middle stage of a strategy: between clipping and the server's optimiser. */
export interface Rule {
  readonly statistics: StatisticsWanted;
  readonly trusted?: (updates: readonly UpdateFigures[]) => number;
  /** What the frozen set lacks, as the end of a sentence; undefined where it will do. */
  lacks?(updates: readonly UpdateFigures[]): string | undefined;
  combine(updates: readonly UpdateFigures[], scales: readonly number[], statistics: Statistics): RuleDecision;
}

/**
 * For integer tensors under a rule that is no mean: they stay as they are. Order statistics are defined for floats
 * here, and a mean beside them would let one hostile update move the integers as far as it likes.
 */
export function unmoved(count: number): Mean {
  return { kind: 'mean', coefficients: new Array<number>(count).fill(0), divisor: 1 };
}

/** Every update enters alike. */
export function equalVerdicts(count: number): Verdict[] {
  return new Array<Verdict>(count).fill({ included: true, share: 1 / count });
}
