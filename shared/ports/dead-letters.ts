/** The dead-letter queue of `updates`, which holds faults of ours only. */
export interface DeadLetters {
  /** Puts up to `limit` messages back for another delivery; those that keep failing are handed to `giveUp` and dropped. */
  resubmit(limit: number, giveUp: (body: unknown, reason: string) => Promise<void>): Promise<number>;
}
