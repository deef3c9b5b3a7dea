/**
 * Strict mode: finds what would go wrong silently on Azure, so that an instance fails loudly here instead. Each hazard
 * has a page, docs/problems/durable-hazard-N.md.
 *
 * 1. A task is yielded twice: it runs twice and results reach the wrong task.
 * 2. Task ids of SDK and host have drifted apart, as when Task.all over retried calls fails fast while others retry.
 * 3. A retry timeout: the host stops without the timer that the SDK waits for.
 * 4. Events that nobody waited for are dropped by continue-as-new.
 * 5. The orchestrator ends while timers, activities or sub-orchestrations are open: the instance stays Running.
 * 6. Something without a message was thrown: the host takes that for "not done" and the instance hangs.
 * 7. Continue-as-new with a text: the next generation gets it encoded as JSON twice.
 */
export type HazardNumber = 1 | 2 | 3 | 4 | 5 | 6 | 7;

export interface StrictOptions {
  /** The hazards that fail an instance; others are left to happen as they would on Azure. */
  readonly hazards: readonly HazardNumber[];
  /** Events that only say "look again"; dropping one at continue-as-new loses nothing. */
  readonly wakeUpEvents?: readonly string[];
}

export const everyHazard: readonly HazardNumber[] = [1, 2, 3, 4, 5, 6, 7];
