/** What a strategy sees of a frozen set, and what it answers. */
import type { Refusal } from '../../contracts/refusals.ts';
import type { FoldPlan } from './fold-plan.ts';

/** One row of the frozen set as a strategy sees it. */
export interface UpdateFigures {
  readonly silo: string;
  /** Whole, 1 to 2^29 - 1, as the silo reported it. */
  readonly weight: number;
  /** L2 norm over the update's float elements, measured at admission. */
  readonly norm: number;
  /** From the signed manifest, finite. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Rounds between the update's base and this round's; 0 unless late updates count. */
  readonly staleness: number;
}

/** Numbers that a strategy carries from version to version, beside the state tensors. */
export type StrategyScalars = Readonly<Record<string, number>>;

/** What the first pass over the updates measures, over float tensors that are not control variates. */
export type StatisticsWanted = 'none' | 'distances' | 'products';

export interface Statistics {
  /** K x K, row by row: squared L2 distances between scales_i * x_i and scales_j * x_j. */
  readonly distances?: Float64Array;
  /** K: inner products of scales_i * x_i with the trusted update. */
  readonly products?: Float64Array;
}

/** What becomes of one update. */
export interface Verdict {
  /** Whether it enters the result. */
  readonly included: boolean;
  /** Its share of the weight, 0 to 1: after weight caps, before clipping. The shares of a set sum to 1. */
  readonly share: number;
  /** The rule's score, where it has one. */
  readonly score?: number;
}

export interface Decision {
  readonly plan: FoldPlan;
  /** For each update, in the same order. */
  readonly verdicts: readonly Verdict[];
  readonly scalars: StrategyScalars;
}

export interface Strategy {
  readonly kind: string;
  readonly statistics: StatisticsWanted;
  /** With statistics `products`: which update is the trusted one. */
  trusted?(updates: readonly UpdateFigures[]): number;
  /** What the frozen set must satisfy; a refusal fails the attempt. */
  check(updates: readonly UpdateFigures[]): Refusal<'strategy-precondition'> | undefined;
  /** The factor that each update is multiplied by before anything else: 1 without clipping. */
  scales(updates: readonly UpdateFigures[], scalars: StrategyScalars): readonly number[];
  /** Throws StrategyFault where the statistics, or a module's answer, allow no decision: the attempt fails. */
  decide(
    updates: readonly UpdateFigures[],
    scales: readonly number[],
    statistics: Statistics,
    scalars: StrategyScalars,
  ): Decision;
}
