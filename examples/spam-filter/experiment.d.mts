export interface ExperimentPlan {
  readonly rounds: number;
  readonly seed: number;
  readonly config: {
    readonly epochs: number;
    readonly learningRate: number;
    readonly batchSize: number;
    readonly l2: number;
    readonly proximal: number;
  };
}

/** What experiment.json says of training. */
export function experimentPlan(): ExperimentPlan;
