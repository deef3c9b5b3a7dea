/**
 * Rewinding a failed instance: forget what failed last, so that the next replay asks for it again under the same id.
 *
 * Only failures after the last decision are forgotten. Earlier ones were answered by the orchestrator (it caught them,
 * or a retry policy did), and forgetting them would shift the ids of everything that followed. The timer that closes a
 * retried call is no such answer; it goes together with the last attempt.
 */
import { completedTask, EventType, type HistoryEvent, scheduledTask } from './events.ts';

export interface Rewound {
  readonly history: readonly HistoryEvent[];
  /** Failed children, to be rewound too; their parent goes on waiting for them. */
  readonly children: readonly string[];
}

const isFailure = (event: HistoryEvent): boolean =>
  event.EventType === EventType.TaskFailed || event.EventType === EventType.SubOrchestrationInstanceFailed;

/** A timer that was due when it was made follows a last attempt (retry intervals are above zero). */
function isClosingTimer(event: HistoryEvent): boolean {
  return event.EventType === EventType.TimerCreated && event.FireAt.getTime() <= event.Timestamp.getTime();
}

export function rewindHistory(
  history: readonly HistoryEvent[],
  canRewindChild: (instanceId: string) => boolean,
): Rewound {
  const open = history.filter((event) => event.EventType !== EventType.ExecutionCompleted);
  const lastDecision = open.findLastIndex(
    (event) => scheduledTask(event) !== undefined && !isClosingTimer(event),
  );
  const completed = new Set(open.map(completedTask));
  const failed = new Set<number>();
  open.forEach((event, index) => {
    const id = completedTask(event);
    if (id !== undefined && isFailure(event) && index > lastDecision) failed.add(id);
  });
  const children: string[] = [];
  const waiting = new Set<number>();
  const kept: HistoryEvent[] = [];
  const dropped = new Set<number>(failed);
  open.forEach((event, index) => {
    const id = scheduledTask(event);
    if (id === undefined) return;
    if (!completed.has(id) || (isClosingTimer(event) && index > lastDecision)) dropped.add(id);
    if (event.EventType !== EventType.SubOrchestrationInstanceCreated || !failed.has(id)) return;
    if (!canRewindChild(event.InstanceId)) return;
    children.push(event.InstanceId);
    waiting.add(id);
  });
  for (const event of open) {
    const completes = completedTask(event);
    const schedules = scheduledTask(event);
    if (completes !== undefined && dropped.has(completes)) continue;
    if (schedules !== undefined && dropped.has(schedules) && !waiting.has(schedules)) continue;
    kept.push(event);
  }
  return { history: kept, children };
}
