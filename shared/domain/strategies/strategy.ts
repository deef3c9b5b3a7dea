/**
 * How updates become one step of the global model. A strategy sees the model as one long row of coordinates, cut
 * into blocks; for each block it folds the silos' deltas, one after the other, into a step.
 *
 * 1. Deltas arrive in canonical order (by silo), the same in every block.
 * 2. Each coordinate's result depends only on that coordinate's deltas, the weights and the strategy's own state,
 *    so the model's bytes do not depend on where the blocks were cut.
 * 3. A strategy that keeps state between rounds finds it by the block's `start`.
 */
export interface Strategy {
  readonly kind: string;
  /** Begins the block of `length` coordinates from coordinate `start`. */
  block(start: number, length: number): Fold;
}

export interface Fold {
  /** Takes one silo's deltas; the array is the caller's again afterwards. `weight` is whole, 1 to 2^29 - 1. */
  add(delta: Float64Array, weight: number): void;
  /** The step to add to the base. Call once, after at least one update. */
  finish(): Float64Array;
}
