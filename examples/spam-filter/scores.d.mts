export interface Scores {
  /** Area under the ROC curve; missing when only one class occurs. */
  readonly auc?: number;
  /** Share of right answers at probability one half. */
  readonly accuracy: number;
  /** Mean cross-entropy in nats. */
  readonly loss: number;
}

export function scoresOf(probabilities: ArrayLike<number>, labels: ArrayLike<number>): Scores;
