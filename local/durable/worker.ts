/**
 * Works through the inboxes of live instances: one turn per instance at a time, `limit` turns at once. Invariants:
 *
 * 1. Memory changes only after the commit of what changes it; a failed commit leaves everything to be tried again.
 * 2. A session is out of the cache during a turn, so that a turn that fails is tried again by a full replay.
 * 3. A fault of the host or the SDK is retried with a growing pause; after five in a row the instance fails with the
 *    reason, because a poisonous episode must not spin for ever. A store that does not write is no such fault.
 */
import type { Activities } from './activities.ts';
import type { Clock } from './clock.ts';
import { type CommitContext, type Committed, commitEpisode, type Delivery } from './commit-episode.ts';
import { type Episode, forcedEnd, runEpisode } from './episode.ts';
import { fresh } from './events.ts';
import { hasEnded, type QueuedEvent } from './instance.ts';
import type { PassPoint } from './kill-point.ts';
import { addToInbox, type LiveInstance, type LiveInstances } from './live-instances.ts';
import type { OrchestratorProtocol } from './orchestrator-protocol.ts';
import type { SessionCache } from './session-cache.ts';
import type { Store } from './store.ts';
import type { Timers } from './timers.ts';
import { nextTurn, type Turn } from './turn.ts';

export interface WorkerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly live: LiveInstances;
  readonly sessions: SessionCache;
  readonly limit: number;
  readonly protocol: OrchestratorProtocol;
  readonly newId: () => string;
  readonly isOrchestrator: (name: string) => boolean;
  readonly timers: () => Timers;
  readonly activities: () => Activities;
  readonly warn: (instanceId: string, message: string) => void;
  readonly ended: (instanceId: string) => void;
  readonly pass: PassPoint;
}

export interface Worker {
  /** Hands an event to its instance; a no-op if that has ended. */
  readonly post: (instanceId: string, queued: QueuedEvent) => void;
  /** Looks at the instance's inbox. */
  wake(instanceId: string): void;
  readonly running: number;
  stop(): void;
}

const faultLimit = 5;

class StoreFault extends Error {
  override readonly name = 'StoreFault';
}

export function startWorker(options: WorkerOptions): Worker {
  const { store, clock, live, sessions } = options;
  const ready: LiveInstance[] = [];
  let running = 0;
  let stopped = false;

  function wakeLive(target: LiveInstance): void {
    if (target.busy || stopped || nextTurn(target).kind === 'rest') return;
    target.busy = true;
    ready.push(target);
    setImmediate(drain);
  }

  function drain(): void {
    while (!stopped && running < options.limit) {
      const next = ready.shift();
      if (next === undefined) return;
      running++;
      void take(next).finally(() => {
        running--;
        drain();
      });
    }
  }

  async function take(target: LiveInstance): Promise<void> {
    try {
      await perform(target, nextTurn(target));
      target.faults = 0;
    } catch (fault) {
      pauseAfter(target, fault);
      return;
    }
    target.busy = false;
    if (!hasEnded(target.instance.status)) wakeLive(target);
  }

  function pauseAfter(target: LiveInstance, fault: unknown): void {
    if (stopped) return;
    target.faults++;
    const reason = fault instanceof Error ? fault.message : String(fault);
    options.warn(target.instance.instanceId, `host fault ${target.faults}: ${reason}`);
    clock.after(Math.min(25 * 2 ** target.faults, 5_000), () => {
      const poisonous = target.faults >= faultLimit && !(fault instanceof StoreFault);
      const next = poisonous
        ? end(
            target,
            forcedEnd(target.instance, { fault: `host fault, ${faultLimit} times: ${reason}` }, at(target)),
          )
        : Promise.resolve();
      next
        .then(() => {
          target.busy = false;
          if (!hasEnded(target.instance.status)) wakeLive(target);
        })
        .catch((again: unknown) => pauseAfter(target, again));
    });
  }

  /** The episode's time: never before that of an earlier episode, whatever the wall clock does. */
  function at(target: LiveInstance): Date {
    return new Date(Math.max(clock.now(), target.instance.updatedAt));
  }

  async function perform(target: LiveInstance, turn: Turn): Promise<void> {
    switch (turn.kind) {
      case 'rest':
        return;
      case 'terminate': {
        const why = { terminated: turn.event, reason: turn.event.Input };
        await end(target, forcedEnd(target.instance, why, at(target)), [turn.queued]);
        return;
      }
      case 'suspend':
      case 'resume':
        await control(target, turn.kind, turn.queued);
        return;
      case 'episode':
        await episode(target, turn.batch, turn.stale);
    }
  }

  async function episode(
    target: LiveInstance,
    batch: readonly QueuedEvent[],
    stale: readonly QueuedEvent[],
  ): Promise<void> {
    if (batch.length === 0) {
      await transact(() => {
        for (const { row } of stale) if (row !== undefined) store.dequeue(row);
      });
      consume(target, stale);
      return;
    }
    const outcome = await runEpisode({
      instance: target.instance,
      session: sessions.take(target.instance.executionId),
      past: () => store.history(target.instance.executionId),
      batch: batch.map((queued) => queued.event),
      at: at(target),
      protocol: options.protocol,
    });
    for (const warning of outcome.warnings) options.warn(target.instance.instanceId, warning);
    await end(target, outcome, [...batch, ...stale]);
  }

  /** Commits an episode, then acts on it. */
  async function end(
    target: LiveInstance,
    outcome: Episode,
    consumed: readonly QueuedEvent[] = [],
  ): Promise<void> {
    const before = target.instance;
    const context: CommitContext = {
      store,
      at: outcome.appended[0]?.Timestamp ?? at(target),
      newId: options.newId,
      isOrchestrator: options.isOrchestrator,
    };
    options.pass('episode-before-commit', before.name);
    const committed = await transact(() => commitEpisode(context, before, consumed, outcome));
    options.pass('episode-after-commit', before.name);
    consume(target, consumed);
    apply(target, before.executionId, outcome, committed);
  }

  function apply(target: LiveInstance, executionId: string, outcome: Episode, committed: Committed): void {
    target.instance = committed.instance;
    if (outcome.ending) {
      target.pending.clear();
      target.begun = false;
      options.timers().cancelAll(executionId);
    } else {
      target.begun = true;
      for (const id of outcome.completed) target.pending.delete(id);
      for (const id of outcome.canceled) {
        target.pending.delete(id);
        options.timers().cancel(executionId, id);
      }
      for (const task of committed.begun) target.pending.set(task.decision.id, task);
    }
    if (outcome.session) sessions.keep(executionId, outcome.session, committed.written);
    else sessions.drop(executionId);
    const ended = hasEnded(committed.instance.status);
    if (ended) live.forget(target.instance.instanceId);
    for (const task of committed.begun) {
      options.timers().schedule(task);
      options.activities().dispatch(task);
    }
    for (const delivery of committed.deliveries) deliver(delivery);
    if (ended) options.ended(target.instance.instanceId);
  }

  async function control(
    target: LiveInstance,
    kind: 'suspend' | 'resume',
    queued: QueuedEvent,
  ): Promise<void> {
    const { instance, begun } = target;
    const status = kind === 'suspend' ? 'Suspended' : begun ? 'Running' : 'Pending';
    const next = { ...instance, status, updatedAt: at(target).getTime() } as const;
    const changes = (kind === 'suspend') !== (instance.status === 'Suspended');
    const event = { ...queued.event, ...fresh(queued.event.Timestamp) };
    await transact(() => {
      if (queued.row !== undefined) store.dequeue(queued.row);
      if (!changes) return;
      store.update(instance, next);
      // A generation's history begins with its own start, so a pause before it leaves no trace.
      if (begun) store.appendHistory(instance.executionId, [event]);
    });
    consume(target, [queued]);
    if (changes) target.instance = next;
  }

  function consume(target: LiveInstance, consumed: readonly QueuedEvent[]): void {
    const gone = new Set(consumed);
    target.inbox = target.inbox.filter((queued) => !gone.has(queued));
  }

  async function transact<T>(work: () => T): Promise<T> {
    try {
      return await store.transact(work);
    } catch (fault) {
      // A violated constraint is a wrong episode, and trying it again for ever would not mend it.
      if (fault instanceof Error && String(Reflect.get(fault, 'code')).startsWith('SQLITE_CONSTRAINT'))
        throw fault;
      throw new StoreFault(fault instanceof Error ? fault.message : String(fault), { cause: fault });
    }
  }

  function deliver({ instanceId, queued }: Delivery): void {
    if (stopped) return;
    const target = live.load(instanceId);
    if (target === undefined) return;
    addToInbox(target, queued);
    wakeLive(target);
  }

  return {
    post: (instanceId, queued) => deliver({ instanceId, queued }),
    wake(instanceId) {
      const target = live.load(instanceId);
      if (target) wakeLive(target);
    },
    get running() {
      return running;
    },
    stop() {
      stopped = true;
    },
  };
}
