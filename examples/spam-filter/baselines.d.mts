import type { ExperimentPlan } from './experiment.mjs';
import type { Scores } from './scores.mjs';

export interface Baseline {
  /** A silo, or `pooled`. */
  readonly name: string;
  /** Mails trained on. */
  readonly mails: number;
  readonly scores: Scores;
}

/** Test scores of each silo alone, in order, then of all mails pooled. */
export function baselines(options: { readonly data: string; readonly plan?: ExperimentPlan }): Baseline[];
