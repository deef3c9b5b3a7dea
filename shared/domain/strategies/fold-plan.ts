/**
 * What a strategy decides once per round, as plain data: it crosses to worker threads and into records. How a strategy
 * decides is strategy's affair; how the decision is carried out over gigabytes is shared/aggregation's.
 *
 * 1. A combination is coordinate-wise: each coordinate of the result depends on that coordinate of the updates and on
 *    the numbers here alone, so that bytes do not depend on blocks, shards or workers.
 * 2. Lists run in the canonical order of the frozen set (by silo; a silo's older update before its newer one).
 * 3. Everything in here is finite.
 */

/**
 * How sums are formed; recorded with every frozen set and version. Equal bytes are promised within a mode only.
 * `canonical-f64/1`: canonical order, float64 accumulators, one final division. `exact-fixed/1`: two 64-bit integer
 * limbs per coordinate, whole weights, the same bytes for any order and any tree of partial sums.
 */
export type SumMode = 'canonical-f64/1' | 'exact-fixed/1';

/**
 * How the updates x_1..x_K become one step, for each coordinate. `scales` multiply the updates first (clipping): 1
 * leaves an update as it is.
 */
export type Combination =
  /** sum(coefficients_i * x_i) / divisor; a coefficient 0 leaves an update out unread. */
  | { readonly kind: 'mean'; readonly coefficients: readonly number[]; readonly divisor: number }
  /** The middle of scales_i * x_i; the mean of the two middle ones for an even number. */
  | { readonly kind: 'median'; readonly scales: readonly number[] }
  /** Leaves out the `trim` smallest and the `trim` largest of scales_i * x_i, and takes the mean of the rest. */
  | { readonly kind: 'trimmed-mean'; readonly scales: readonly number[]; readonly trim: number }
  /** Of the members' scales_i * x_i, the mean of the `keep` that lie nearest to their median (Bulyan's second phase). */
  | {
      readonly kind: 'near-median-mean';
      readonly scales: readonly number[];
      readonly members: readonly number[];
      readonly keep: number;
    }
  /** A module of the deployed app folds each block by itself. `parameters` is its own affair. */
  | {
      readonly kind: 'module';
      readonly module: string;
      readonly scales: readonly number[];
      readonly parameters: Readonly<Record<string, number | string | boolean>>;
    };

/** How the step becomes the next model; `x` is the model, `s` the step, `m` and `v` state of the same shape (float32). */
export type ServerStep =
  /** x + learningRate * s */
  | { readonly kind: 'add'; readonly learningRate: number }
  /** m = momentum * m + s; x + learningRate * m */
  | { readonly kind: 'momentum'; readonly learningRate: number; readonly momentum: number }
  /** m = beta1 * m + (1 - beta1) * s; v by kind; x + learningRate * m / (sqrt(v) + tau). Reddi et al. 2021. */
  | {
      readonly kind: 'adagrad' | 'yogi' | 'adam';
      readonly learningRate: number;
      readonly beta1: number;
      /** Unused by adagrad. */
      readonly beta2: number;
      readonly tau: number;
    };

export type StateTensor = 'm' | 'v';

export interface FoldPlan {
  readonly sumMode: SumMode;
  /** For float tensors that are not control variates. */
  readonly combination: Combination;
  /** For float tensors whose name begins with `CONTROL_PREFIX`: they are added with rate 1, without the optimiser. */
  readonly control?: Combination & { readonly kind: 'mean' };
  /** For integer and boolean tensors: a mean, rounded to whole numbers, without the optimiser. */
  readonly integers: Combination & { readonly kind: 'mean' };
  readonly server: ServerStep;
}

/** SCAFFOLD's server control variate of tensor T is the model's tensor `control/T`. */
export const CONTROL_PREFIX = 'control/';

/** Which tensors of state a server step reads and writes, each of the model's coordinates. */
export function stateTensorsOf(server: ServerStep): readonly StateTensor[] {
  switch (server.kind) {
    case 'add':
      return [];
    case 'momentum':
      return ['m'];
    default:
      return ['m', 'v'];
  }
}
