/**
 * What a module `strategies/<name>` of the deployed app exports to aggregate in its own way; docs/strategies.md shows
 * one from start to end. It is trusted code of the coordinator, and its answers are checked all the same.
 *
 * 1. Everything is deterministic: no time, no randomness, no state between calls. Blocks run in several threads, in
 *    any order and of any size, and again after a crash.
 * 2. It has `combine`, `foldBlock` or both. `combine` answers numbers for a built-in combination, or nothing to have
 *    `foldBlock` called; without `combine`, `foldBlock` is called.
 */
import type { ModuleParameters } from '../../contracts/strategy-spec.ts';
import type { Statistics, UpdateFigures } from './decision.ts';
import type { Combination } from './fold-plan.ts';
import { StrategyFault } from './strategy-fault.ts';

export type BuiltInCombination = Exclude<Combination, { kind: 'module' }>;

export interface CombineInput {
  /** In canonical order, by silo. */
  readonly updates: readonly UpdateFigures[];
  /** The factor that clipping gives each update. */
  readonly scales: readonly number[];
  readonly statistics: Statistics;
  readonly parameters: ModuleParameters;
}

export interface UserStrategy {
  /** What `combine` wants measured beforehand. Default: none. */
  readonly statistics?: 'none' | 'distances';
  /** What is wrong with the parameters, or with so many updates; undefined where all is well. */
  check?(parameters: ModuleParameters, updates: readonly UpdateFigures[]): string | undefined;
  combine?(input: CombineInput): BuiltInCombination | undefined;
  /**
   * Fills `out` (one number per coordinate) from one column per update, clipped, of the same length as `out`, in
   * canonical order. Each coordinate of `out` depends on that coordinate of the columns alone.
   */
  foldBlock?(columns: readonly Float64Array[], out: Float64Array, parameters: ModuleParameters): void;
}

/** The exports of a loaded module, checked. Throws StrategyFault where they are no strategy. */
export function userStrategyOf(name: string, exported: unknown): UserStrategy {
  const module: Record<string, unknown> = Object.fromEntries(Object.entries(Object(exported)));
  for (const member of ['check', 'combine', 'foldBlock']) {
    if (module[member] !== undefined && typeof module[member] !== 'function') {
      throw new StrategyFault(`strategies/${name} exports ${member}, which is no function.`);
    }
  }
  if (module['combine'] === undefined && module['foldBlock'] === undefined) {
    throw new StrategyFault(`strategies/${name} exports neither combine nor foldBlock.`);
  }
  const { statistics } = module;
  if (statistics !== undefined && statistics !== 'none' && statistics !== 'distances') {
    throw new StrategyFault(`strategies/${name} exports statistics other than 'none' and 'distances'.`);
  }
  return module;
}

/**
 * Folds a block as the module says. Throws StrategyFault where it leaves a coordinate without a finite value or has no
 * `foldBlock`.
 */
export function foldUserBlock(
  name: string,
  strategy: UserStrategy,
  columns: readonly Float64Array[],
  out: Float64Array,
  parameters: ModuleParameters,
): void {
  if (strategy.foldBlock === undefined) {
    throw new StrategyFault(`strategies/${name} exports no foldBlock, and its combine answered nothing.`);
  }
  // What the module leaves out must not look like a result.
  out.fill(Number.NaN);
  strategy.foldBlock(columns, out, parameters);
  if (!out.every(Number.isFinite)) {
    throw new StrategyFault(`strategies/${name} left coordinates of a block without a finite value.`);
  }
}
