/** What a pass over the updates is to do, as plain data that crosses to worker threads, and what comes back. */
import type { FoldPlan } from '../domain/strategies/fold-plan.ts';

/** Segments of a block, `from` to `to` (exclusive), which are columns of the model. */
export interface Block {
  readonly from: number;
  readonly to: number;
}

/** What opens one sealed update: its data key, the digest of its manifest's header, its ciphertext's first 74 bytes. */
export interface Opening {
  readonly key: Uint8Array;
  readonly context: Uint8Array;
  readonly header: Uint8Array;
}

export type Task =
  | {
      readonly kind: 'measure';
      readonly wanted: 'distances' | 'products';
      readonly scales: readonly number[];
      /** Which update the others are multiplied with. */
      readonly trusted: number;
    }
  | {
      readonly kind: 'fold';
      readonly plan: FoldPlan;
      /** Measure each update against the step. Holds all updates of a block in memory. */
      readonly evidence: boolean;
    };

/** Figures of a block's columns, one column after the other, `partialWidth` of each. */
export type Partials = Float64Array;

/**
 * How many figures each column gives, of `updates` updates: K x K distances, K products, or for evidence K products
 * with the step and the step's sum of squares.
 */
export function partialWidth(task: Task, updates: number): number {
  if (task.kind === 'measure') return task.wanted === 'distances' ? updates * updates : updates;
  return task.evidence ? updates + 1 : 0;
}

/** Which updates a pass reads, in canonical order: those whose coefficients are all 0 are left out unread. */
export function updatesRead(task: Task, updates: number): number[] {
  const all = Array.from({ length: updates }, (_, i) => i);
  if (task.kind === 'measure') return all;
  const { combination, control, integers } = task.plan;
  const means = [combination, control, integers].flatMap((part) => (part?.kind === 'mean' ? [part] : []));
  const others = combination.kind === 'mean' ? [] : membersOf(combination, all);
  return all.filter((i) => others.includes(i) || means.some((mean) => Number(mean.coefficients[i]) !== 0));
}

function membersOf(combination: FoldPlan['combination'], all: readonly number[]): readonly number[] {
  return combination.kind === 'near-median-mean' ? combination.members : all;
}

/** Whether all updates of a block have to be in memory at once, or four at a time will do. */
export function holdsAllUpdates(task: Task): boolean {
  return task.kind === 'measure' || task.evidence || task.plan.combination.kind !== 'mean';
}

/** What ends an aggregation with a reason rather than with an error. */
export class FoldRefused extends Error {
  override readonly name = 'FoldRefused';
  readonly slug: FoldSlug;
  /** The update that is to blame, counted in canonical order. */
  readonly update: number | undefined;
  constructor(slug: FoldSlug, message: string, update?: number) {
    super(message);
    this.slug = slug;
    this.update = update;
  }
}
export type FoldSlug = 'header-tag' | 'segment-tag' | 'not-finite' | 'strategy-precondition';
