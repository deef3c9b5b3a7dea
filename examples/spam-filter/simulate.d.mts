import type { ExperimentPlan } from './experiment.mjs';
import type { Scores } from './scores.mjs';

/** Federated averaging in one process: the last model, and test scores after every round. */
export function simulate(options: { readonly data: string; readonly plan?: ExperimentPlan }): {
  readonly model: { readonly weights: Float32Array; readonly bias: number };
  readonly rounds: readonly Scores[];
};
