/** What an instance does next with its inbox. A pure choice, so that the order of control events is in one place. */
import { completedTask, EventType, type ExecutionTerminated, type HistoryEvent } from './events.ts';
import type { PendingTask, QueuedEvent } from './instance.ts';
import type { LiveInstance } from './live-instances.ts';

export type Turn =
  | { readonly kind: 'rest' }
  | { readonly kind: 'terminate'; readonly queued: QueuedEvent; readonly event: ExecutionTerminated }
  | { readonly kind: 'suspend' | 'resume'; readonly queued: QueuedEvent }
  /** `stale` events answer tasks that nobody waits for any more. */
  | {
      readonly kind: 'episode';
      readonly batch: readonly QueuedEvent[];
      readonly stale: readonly QueuedEvent[];
    };

const isControl = (event: HistoryEvent): boolean =>
  event.EventType === EventType.ExecutionSuspended || event.EventType === EventType.ExecutionResumed;

function isStale(queued: QueuedEvent, live: LiveInstance, taken: Set<number>): boolean {
  const id = completedTask(queued.event);
  if (queued.executionId !== undefined && queued.executionId !== live.instance.executionId) return true;
  if (id === undefined) return false;
  const task: PendingTask | undefined = live.pending.get(id);
  if (task === undefined || taken.has(id)) return true;
  taken.add(id);
  return false;
}

/** Termination overtakes everything; while suspended only it and a resumption count. */
export function nextTurn(live: LiveInstance): Turn {
  for (const queued of live.inbox) {
    const { event } = queued;
    if (event.EventType === EventType.ExecutionTerminated) return { kind: 'terminate', queued, event };
  }
  const control = live.inbox.findIndex(({ event }) => isControl(event));
  const queued = live.inbox[control];
  if (queued && (control === 0 || live.instance.status === 'Suspended')) {
    return {
      kind: queued.event.EventType === EventType.ExecutionSuspended ? 'suspend' : 'resume',
      queued,
    };
  }
  if (live.inbox.length === 0 || live.instance.status === 'Suspended') return { kind: 'rest' };
  const taken = new Set<number>();
  const batch: QueuedEvent[] = [];
  const stale: QueuedEvent[] = [];
  for (const next of control < 0 ? live.inbox : live.inbox.slice(0, control)) {
    (isStale(next, live, taken) ? stale : batch).push(next);
  }
  return { kind: 'episode', batch, stale };
}
