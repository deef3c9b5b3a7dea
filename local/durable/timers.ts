import type { Clock } from './clock.ts';
import { EventType, fresh } from './events.ts';
import type { PendingTask, QueuedEvent } from './instance.ts';

export interface Timers {
  /** Ignores tasks that are no timers. */
  schedule(task: PendingTask): void;
  cancel(executionId: string, taskId: number): void;
  cancelAll(executionId: string): void;
  close(): void;
}

/** Durable timers of this process: each fires once, at or after its time by `clock`, with a TimerFired event. */
export function startTimers(clock: Clock, post: (instanceId: string, queued: QueuedEvent) => void): Timers {
  let closed = false;
  const armed = new Map<string, Map<number, () => void>>();

  function disarm(executionId: string, taskId: number): (() => void) | undefined {
    const timers = armed.get(executionId);
    const cancel = timers?.get(taskId);
    timers?.delete(taskId);
    if (timers?.size === 0) armed.delete(executionId);
    return cancel;
  }

  function arm(task: PendingTask, fireAt: Date): void {
    const { executionId, decision } = task;
    const cancel = clock.after(fireAt.getTime() - clock.now(), () => {
      disarm(executionId, decision.id);
      if (clock.now() < fireAt.getTime()) {
        arm(task, fireAt); // the wall clock was set back, or the timeout came a millisecond early
        return;
      }
      const at = new Date(clock.now());
      post(task.instanceId, {
        executionId,
        event: { EventType: EventType.TimerFired, ...fresh(at), TimerId: decision.id, FireAt: fireAt },
      });
    });
    const timers = armed.get(executionId) ?? new Map<number, () => void>();
    timers.set(decision.id, cancel);
    armed.set(executionId, timers);
  }

  return {
    schedule(task) {
      if (task.decision.kind === 'timer' && !closed) arm(task, task.decision.fireAt);
    },
    cancel: (executionId, taskId) => disarm(executionId, taskId)?.(),
    cancelAll(executionId) {
      for (const cancel of armed.get(executionId)?.values() ?? []) cancel();
      armed.delete(executionId);
    },
    close() {
      closed = true;
      for (const timers of armed.values()) for (const cancel of timers.values()) cancel();
      armed.clear();
    },
  };
}
