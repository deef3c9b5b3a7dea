/**
 * Moments at which a test may kill the process: between what is done and what is known to be done. Passing one costs
 * nothing and does nothing unless a test has planned a fault there.
 */
export const killPoints = [
  /** The orchestrator has decided, nothing is written. */
  'episode-before-commit',
  /** The episode is written, nothing of it is begun. */
  'episode-after-commit',
  'activity-before-run',
  /** The activity has returned, its result is nowhere. */
  'activity-after-run',
  /** A client's request is understood, nothing is written. */
  'client-before-commit',
  /** A client's request is written, and it does not know. */
  'client-after-commit',
  /** The function that got a message has returned, the message is not settled. */
  'message-before-settle',
  'message-after-settle',
  /** A timer's function has returned, the run is not recorded. */
  'timer-before-record',
] as const;

export type KillPoint = (typeof killPoints)[number];

/** `name`: of the function that passes. */
export type PassPoint = (point: KillPoint, name: string) => void;
