import type { Clock } from './clock.ts';
import { EventType, type FailureDetails, fresh, type HistoryEvent } from './events.ts';
import type { PendingTask, QueuedEvent } from './instance.ts';
import type { PassPoint } from './kill-point.ts';

/** Runs one activity and resolves with its result as JSON text (null for none); rejects with what it threw. */
export type InvokeActivity = (
  name: string,
  input: string | null,
  instanceId: string,
) => Promise<string | null>;

export interface Activities {
  /** Ignores tasks that are no activities. */
  dispatch(task: PendingTask): void;
  readonly running: number;
  /** Starts no more; those running go on. */
  stop(): void;
}

export interface ActivityOptions {
  readonly clock: Clock;
  readonly limit: number;
  readonly invoke: InvokeActivity;
  readonly exists: (name: string) => boolean;
  /** False once the instance has ended or begun a new generation: then nobody waits for the result. */
  readonly isOpen: (task: PendingTask) => boolean;
  readonly post: (instanceId: string, queued: QueuedEvent) => void;
  readonly pass: PassPoint;
}

function detailsOf(thrown: unknown): FailureDetails {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return {
    ErrorType: error.name,
    ErrorMessage: error.message,
    StackTrace: error.stack ?? null,
    IsNonRetriable: false,
    InnerFailure: error.cause === undefined ? null : detailsOf(error.cause),
  };
}

/**
 * Runs activities at least once, at most `limit` at a time, in the order in which they were scheduled. A result is
 * persisted together with the episode that consumes it; a process killed before that runs the activity again.
 */
export function startActivities(options: ActivityOptions): Activities {
  const queue: PendingTask[] = [];
  let running = 0;
  let stopped = false;

  async function outcome(task: PendingTask): Promise<HistoryEvent | undefined> {
    const { decision } = task;
    if (decision.kind !== 'activity') return undefined;
    const completes = { TaskScheduledId: decision.id };
    try {
      if (!options.exists(decision.name)) {
        throw new Error(
          `The function '${decision.name}' doesn't exist, is disabled, or is not an activity function.`,
        );
      }
      options.pass('activity-before-run', decision.name);
      const result = await options
        .invoke(decision.name, decision.input, task.instanceId)
        .finally(() => options.pass('activity-after-run', decision.name));
      const at = new Date(options.clock.now());
      return { EventType: EventType.TaskCompleted, ...fresh(at), ...completes, Result: result };
    } catch (thrown) {
      const details = detailsOf(thrown);
      return {
        EventType: EventType.TaskFailed,
        ...fresh(new Date(options.clock.now())),
        ...completes,
        Reason: `Activity function '${decision.name}' failed: ${details.ErrorMessage}`,
        Details: JSON.stringify({ Message: details.ErrorMessage, StackTrace: details.StackTrace }),
        FailureDetails: details,
      };
    }
  }

  async function run(task: PendingTask): Promise<void> {
    running++;
    const event = await outcome(task);
    running--;
    if (event) options.post(task.instanceId, { event, executionId: task.executionId });
    pump();
  }

  function pump(): void {
    while (!stopped && running < options.limit) {
      const task = queue.shift();
      if (task === undefined) return;
      if (options.isOpen(task)) void run(task);
    }
  }

  return {
    dispatch(task) {
      if (task.decision.kind !== 'activity') return;
      queue.push(task);
      pump();
    },
    get running() {
      return running;
    },
    stop() {
      stopped = true;
      queue.length = 0;
    },
  };
}
