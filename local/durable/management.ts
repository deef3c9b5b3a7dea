/** What clients may do to instances. Every acknowledgement follows the commit; refusals are values. */
import type { Clock } from './clock.ts';
import { type CommitContext, createInstance, type Delivery } from './commit-episode.ts';
import { EventType, fresh, type HistoryEvent } from './events.ts';
import { hasEnded, type Instance, isInstanceId, type RuntimeStatus } from './instance.ts';
import type { PassPoint } from './kill-point.ts';
import { endedInstances, type InstanceFilter } from './queries.ts';
import { rewindHistory } from './rewind.ts';
import type { Store } from './store.ts';

export type StartOutcome =
  | { readonly kind: 'started'; readonly instanceId: string }
  | { readonly kind: 'exists'; readonly status: RuntimeStatus }
  | { readonly kind: 'unknown-function' | 'invalid-id' };

export type ControlOutcome = 'accepted' | 'not-found' | 'ended';

export interface StartRequest {
  readonly name: string;
  readonly instanceId?: string;
  /** JSON text. */
  readonly input?: string | null;
  readonly version?: string;
}

export interface Management {
  start(request: StartRequest): Promise<StartOutcome>;
  raiseEvent(instanceId: string, name: string, input: string | null): Promise<ControlOutcome>;
  terminate(instanceId: string, reason: string | null): Promise<ControlOutcome>;
  suspend(instanceId: string, reason: string | null): Promise<ControlOutcome>;
  resume(instanceId: string, reason: string | null): Promise<ControlOutcome>;
  rewind(instanceId: string, reason: string | null): Promise<'accepted' | 'not-found' | 'not-failed'>;
  /** Starts the same function with the same input, under a new id unless `sameId`. */
  restart(instanceId: string, sameId: boolean): Promise<StartOutcome | 'not-found'>;
  /** Removes an ended instance; resolves with how many were removed. */
  purge(instanceId: string): Promise<number>;
  purgeBy(filter: InstanceFilter): Promise<number>;
}

export interface ManagementOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly isOrchestrator: (name: string) => boolean;
  readonly deliver: (delivery: Delivery) => void;
  readonly pass: PassPoint;
}

export function management(options: ManagementOptions): Management {
  const { store, clock } = options;
  const at = (): Date => new Date(clock.now());
  async function transact<T>(request: keyof Management, work: () => T): Promise<T> {
    options.pass('client-before-commit', request);
    const result = await store.transact(work);
    options.pass('client-after-commit', request);
    return result;
  }
  const context = (): CommitContext => ({
    store,
    at: at(),
    newId: options.newId,
    isOrchestrator: options.isOrchestrator,
  });

  async function start(request: StartRequest): Promise<StartOutcome> {
    if (!options.isOrchestrator(request.name)) return { kind: 'unknown-function' };
    const instanceId = request.instanceId ?? options.newId();
    if (!isInstanceId(instanceId)) return { kind: 'invalid-id' };
    const result = await transact('start', (): Delivery | RuntimeStatus => {
      const existing = store.get(instanceId);
      if (existing && !hasEnded(existing.status)) return existing.status;
      return createInstance(context(), {
        instanceId,
        executionId: options.newId(),
        name: request.name,
        version: request.version ?? '',
        input: request.input ?? null,
        parent: null,
      });
    });
    if (typeof result === 'string') return { kind: 'exists', status: result };
    options.deliver(result);
    return { kind: 'started', instanceId };
  }

  async function send(
    request: keyof Management,
    instanceId: string,
    event: HistoryEvent,
  ): Promise<ControlOutcome> {
    const result = await transact(request, (): Delivery | ControlOutcome => {
      const instance = store.get(instanceId);
      if (instance === undefined) return 'not-found';
      if (hasEnded(instance.status)) return 'ended';
      return { instanceId, queued: { event, row: store.enqueue(instanceId, event) } };
    });
    if (typeof result === 'string') return result;
    options.deliver(result);
    return 'accepted';
  }

  /** Inside a transaction: rewinds the instance and, below it, the children that failed. */
  function rewindTree(instance: Instance, reason: string | null, revived: Delivery[]): void {
    const { history, children } = rewindHistory(store.history(instance.executionId), (childId) => {
      const child = store.get(childId);
      return child?.status === 'Failed' && child.parent?.executionId === instance.executionId;
    });
    store.clearHistory(instance.executionId);
    store.appendHistory(instance.executionId, history);
    store.update(instance, { ...instance, status: 'Running', output: null, updatedAt: clock.now() });
    for (const childId of children) {
      const child = store.get(childId);
      if (child) rewindTree(child, reason, revived);
    }
    const event: HistoryEvent = {
      EventType: EventType.GenericEvent,
      ...fresh(at()),
      Data: `Rewound: ${reason ?? ''}`,
    };
    const row = store.enqueue(instance.instanceId, event);
    revived.push({ instanceId: instance.instanceId, queued: { event, row } });
  }

  return {
    start,
    raiseEvent: (instanceId, name, input) =>
      send('raiseEvent', instanceId, {
        EventType: EventType.EventRaised,
        ...fresh(at()),
        Name: name,
        Input: input,
      }),
    terminate: (instanceId, reason) =>
      send('terminate', instanceId, {
        EventType: EventType.ExecutionTerminated,
        ...fresh(at()),
        Input: reason,
      }),
    suspend: (instanceId, reason) =>
      send('suspend', instanceId, {
        EventType: EventType.ExecutionSuspended,
        ...fresh(at()),
        Reason: reason,
      }),
    resume: (instanceId, reason) =>
      send('resume', instanceId, { EventType: EventType.ExecutionResumed, ...fresh(at()), Reason: reason }),
    async rewind(instanceId, reason) {
      const result = await transact('rewind', () => {
        const instance = store.get(instanceId);
        if (instance === undefined) return 'not-found';
        if (instance.status !== 'Failed') return 'not-failed';
        const revived: Delivery[] = [];
        rewindTree(instance, reason, revived);
        return revived;
      });
      if (typeof result === 'string') return result;
      for (const delivery of result) options.deliver(delivery);
      return 'accepted';
    },
    async restart(instanceId, sameId) {
      const instance = store.get(instanceId);
      if (instance === undefined) return 'not-found';
      const { name, input, version } = instance;
      return start({ name, input, version, ...(sameId ? { instanceId } : {}) });
    },
    async purge(instanceId) {
      return transact('purge', () => {
        const instance = store.get(instanceId);
        if (instance === undefined || !hasEnded(instance.status)) return 0;
        store.remove(instance);
        return 1;
      });
    },
    async purgeBy(filter) {
      return transact('purgeBy', () => {
        const gone = endedInstances(store.database, filter);
        for (const instance of gone) store.remove(instance);
        return gone.length;
      });
    },
  };
}
