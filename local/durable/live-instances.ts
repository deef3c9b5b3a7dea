import { EventType, type HistoryEvent } from './events.ts';
import { hasEnded, type Instance, type PendingTask, type QueuedEvent } from './instance.ts';
import type { Store } from './store.ts';

/** An unfinished instance as this process works on it; what is here is committed, except for the inbox's tail. */
export interface LiveInstance {
  instance: Instance;
  /** undefined while not loaded. */
  history: HistoryEvent[] | undefined;
  inbox: QueuedEvent[];
  /** Every inbox row seen, so that an event that came both by loading and by posting counts once. */
  readonly rows: Set<number>;
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
  /** The history, read from the store if it is not in memory. */
  historyOf(live: LiveInstance): HistoryEvent[];
  readonly count: number;
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
      const live: LiveInstance = {
        instance,
        history: undefined,
        inbox,
        rows: new Set(inbox.flatMap(({ row }) => row ?? [])),
        pending: new Map(store.pendingOf(instance.executionId).map((task) => [task.decision.id, task])),
        busy: false,
        faults: 0,
      };
      byId.set(instanceId, live);
      return live;
    },
    forget: (instanceId) => void byId.delete(instanceId),
    historyOf: (live) => (live.history ??= store.history(live.instance.executionId)),
    get count() {
      return byId.size;
    },
  };
}

/** Adds to the inbox what is not there yet. */
export function addToInbox(live: LiveInstance, queued: QueuedEvent): void {
  if (queued.row !== undefined) {
    if (live.rows.has(queued.row)) return;
    live.rows.add(queued.row);
  }
  if (queued.event.EventType === EventType.ExecutionStarted) live.inbox.unshift(queued);
  else live.inbox.push(queued);
}
