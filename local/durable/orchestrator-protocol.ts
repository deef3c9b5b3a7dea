/**
 * The seam between the engine (inbox, history, timers, store) and a protocol by which orchestrators are asked what to
 * do. sdk-v3/ is the one for durable-functions 3; an SDK that speaks another protocol needs another implementation of
 * `OrchestratorProtocol` and nothing else of the engine.
 *
 * A replay over the whole history is the truth. A session only spares it: it must say what a replay would have said,
 * and whoever has doubts drops the session and replays.
 */
import type { Decision } from './decision.ts';
import type { EventRaised, FailureDetails, HistoryEvent } from './events.ts';
import type { Instance } from './instance.ts';

export type Ending =
  | { readonly kind: 'completed'; readonly output: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly details: FailureDetails }
  | { readonly kind: 'terminated'; readonly output: string }
  | { readonly kind: 'continued'; readonly input: string; readonly carried: readonly EventRaised[] };

/** What follows from the last episode of a history. */
export interface Verdict {
  /** Tasks to begin, that the history does not have yet. */
  readonly decisions: readonly Decision[];
  /** Ids of timers that were cancelled in this episode. */
  readonly canceled: readonly number[];
  /** JSON text; undefined leaves the custom status as it is. */
  readonly customStatus: string | undefined;
  readonly ending: Ending | undefined;
  readonly warnings: readonly string[];
}

/** An orchestrator that waits in memory where its history ends. */
export interface OrchestratorSession {
  /**
   * Takes the events of one more episode, OrchestratorStarted first. Throws on faults of the host or the SDK. Used once:
   * what goes on is the session that it returns.
   */
  next(events: readonly HistoryEvent[]): Judgement;
}

export interface Judgement {
  readonly verdict: Verdict;
  /** undefined when the orchestrator has ended, or when only a replay can say what follows from the next events. */
  readonly session: OrchestratorSession | undefined;
}

export interface OrchestratorProtocol {
  /**
   * Runs the orchestrator from its beginning over `history`, whose last OrchestratorStarted begins the episode to be
   * judged; `isReplaying` is false only in the first episode. Rejects on faults of the host or the SDK; what the
   * orchestrator does wrong is an ending.
   */
  replay(instance: Instance, history: readonly HistoryEvent[], isReplaying: boolean): Promise<Judgement>;
}

export const failure = (type: string, message: string): FailureDetails => ({
  ErrorType: type,
  ErrorMessage: message,
  StackTrace: null,
  IsNonRetriable: false,
  InnerFailure: null,
});

export const failed = (instance: Instance, details: FailureDetails): Ending & { kind: 'failed' } => ({
  kind: 'failed',
  reason: `Orchestrator function '${instance.name}' failed: ${details.ErrorMessage}`,
  details,
});
