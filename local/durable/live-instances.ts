import { EventType } from './events.ts';
import { hasEnded, type Instance, type PendingTask, type QueuedEvent } from './instance.ts';
import { openTasks } from './open-tasks.ts';
import type { Store } from './store.ts';

/** An unfinished instance as this process works on it; what is here is committed, except for the inbox's tail. */
export interface LiveInstance {
  instance: Instance;
  /** Whether the present generation has a history. */
  begun: boolean;
  inbox: QueuedEvent[];
  /** The last inbox row that came by loading: an event that is posted, too, counts once. */
  readonly loadedThrough: number;
  readonly pending: Map<number, PendingTask>;
  /** Queued for a turn, or in one. */
  busy: boolean;
  /** Host faults in a row. */
  faults: number;
}

export interface LiveInstances {
  get(instanceId: string): LiveInstance | undefined;
  /** The unfinished instance, read from the store if this process has not met it; undefined if there is none. */
  load(instanceId: string): LiveInstance | undefined;
  forget(instanceId: string): void;
}

/** A generation's start event comes before events that were queued for an earlier one. */
const startFirst = (queued: readonly QueuedEvent[]): QueuedEvent[] => [
  ...queued.filter(({ event }) => event.EventType === EventType.ExecutionStarted),
  ...queued.filter(({ event }) => event.EventType !== EventType.ExecutionStarted),
];

export function liveInstances(store: Store): LiveInstances {
  const byId = new Map<string, LiveInstance>();
  return {
    get: (instanceId) => byId.get(instanceId),
    load(instanceId) {
      const known = byId.get(instanceId);
      if (known) return known;
      const instance = store.get(instanceId);
      if (instance === undefined || hasEnded(instance.status)) return undefined;
      const inbox = startFirst(store.inboxOf(instanceId));
      const history = store.history(instance.executionId);
      const live: LiveInstance = {
        instance,
        begun: history.length > 0,
        inbox,
        loadedThrough: Math.max(-1, ...inbox.map(({ row }) => row ?? -1)),
        pending: new Map(
          [...openTasks(history)].map(([id, decision]) => [
            id,
            { instanceId, executionId: instance.executionId, decision },
          ]),
        ),
        busy: false,
        faults: 0,
      };
      byId.set(instanceId, live);
      return live;
    },
    forget: (instanceId) => void byId.delete(instanceId),
  };
}

/** Adds to the inbox what is not there yet. */
export function addToInbox(live: LiveInstance, queued: QueuedEvent): void {
  if (queued.row !== undefined && queued.row <= live.loadedThrough) return;
  if (queued.event.EventType === EventType.ExecutionStarted) live.inbox.unshift(queued);
  else live.inbox.push(queued);
}
