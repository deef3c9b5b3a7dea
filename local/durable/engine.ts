/**
 * The durable engine of the embedded Functions host: runs durable-functions orchestrators on one machine, on SQLite.
 * Its promises: what was acknowledged survives SIGKILL; histories are exactly-once; activities run at least once.
 */
import { randomUUID } from 'node:crypto';
import { type InvokeActivity, startActivities } from './activities.ts';
import { type Clock, systemClock } from './clock.ts';
import { type HistoryEvent, scheduledTask } from './events.ts';
import { hasEnded, type Instance } from './instance.ts';
import type { PassPoint } from './kill-point.ts';
import { liveInstances } from './live-instances.ts';
import { type Management, management } from './management.ts';
import { decodeContinuation, type InstanceFilter, type InstancePage, listInstances } from './queries.ts';
import type { InvokeOrchestrator } from './sdk-v3/sdk-executor.ts';
import { sdkV3 } from './sdk-v3/sdk-v3.ts';
import { sessionCache } from './session-cache.ts';
import { openStore } from './store.ts';
import { everyHazard, type StrictOptions } from './strict.ts';
import { startTimers } from './timers.ts';
import { startWorker } from './worker.ts';

export type DurableFunctionKind = 'orchestrator' | 'activity' | 'entity';

export interface DurableOptions {
  /** Holds the task hub; one process at a time. */
  readonly dataDir: string;
  /** The app's durable functions by name. */
  readonly functions: ReadonlyMap<string, DurableFunctionKind>;
  readonly invoke: { readonly orchestrator: InvokeOrchestrator; readonly activity: InvokeActivity };
  readonly clock?: Clock;
  /** true (the default) watches for every hazard. */
  readonly strict?: boolean | StrictOptions;
  readonly limits?: {
    readonly maxConcurrentActivityFunctions?: number;
    readonly maxConcurrentOrchestratorFunctions?: number;
    /** How many orchestrators wait in memory for their next event; the others are replayed. 0 replays always. */
    readonly sessions?: number;
  };
  readonly warn?: (instanceId: string, message: string) => void;
  /** false leaves the inputs of tasks out of the histories that are shown. Default true. */
  readonly storeInputsInHistory?: boolean;
  /** Told of each kill point that is passed. */
  readonly pass?: PassPoint;
}

export interface DurableEngine extends Management {
  status(instanceId: string): Instance | undefined;
  history(instance: Instance): readonly HistoryEvent[];
  /** `continuation` is one that an earlier page gave; undefined if it is malformed. */
  list(filter: InstanceFilter, top: number, continuation?: string): InstancePage | undefined;
  /** Resolves with the instance once it has ended, or as it is after `milliseconds`; undefined if there is none. */
  waitForEnd(instanceId: string, milliseconds: number): Promise<Instance | undefined>;
  readonly limits: { readonly activities: number; readonly orchestrators: number };
  /** Begins no more activities and fires no more timers; clients are still served, and what runs may end. */
  stop(): void;
  /** Stops, lets what runs end for up to `graceMilliseconds`, closes the store. */
  close(graceMilliseconds?: number): Promise<void>;
}

/** Characters of history; what a session holds of it is of that order of size. */
const sessionCharacters = 64 * 2 ** 20;

const strictOptions = (strict: boolean | StrictOptions | undefined): StrictOptions | undefined => {
  if (strict === false) return undefined;
  return typeof strict === 'object' ? strict : { hazards: everyHazard };
};

const withoutInput = (event: HistoryEvent): HistoryEvent =>
  scheduledTask(event) !== undefined && 'Input' in event ? { ...event, Input: null } : event;

export function startDurable(options: DurableOptions): DurableEngine {
  const clock = options.clock ?? systemClock;
  const store = openStore(options.dataDir);
  const live = liveInstances(store);
  const pass = options.pass ?? (() => {});
  const waiting = new Map<string, Set<() => void>>();
  const newId = (): string => randomUUID().replaceAll('-', '');
  const isOrchestrator = (name: string): boolean => options.functions.get(name) === 'orchestrator';
  const limits = {
    activities: options.limits?.maxConcurrentActivityFunctions ?? 10,
    orchestrators: options.limits?.maxConcurrentOrchestratorFunctions ?? 10,
  };
  const worker = startWorker({
    store,
    clock,
    live,
    sessions: sessionCache({ count: options.limits?.sessions ?? 500, characters: sessionCharacters }),
    limit: limits.orchestrators,
    protocol: sdkV3(options.invoke.orchestrator, strictOptions(options.strict)),
    pass,
    newId,
    isOrchestrator,
    timers: () => timers,
    activities: () => activities,
    warn: options.warn ?? (() => {}),
    ended: (instanceId) => {
      for (const resolve of waiting.get(instanceId) ?? []) resolve();
      waiting.delete(instanceId);
    },
  });
  const timers = startTimers(clock, worker.post);
  const activities = startActivities({
    clock,
    limit: limits.activities,
    invoke: options.invoke.activity,
    exists: (name) => options.functions.get(name) === 'activity',
    isOpen: (task) => {
      const target = live.get(task.instanceId);
      return target?.instance.executionId === task.executionId && target.pending.has(task.decision.id);
    },
    post: worker.post,
    pass,
  });

  for (const { instanceId } of store.unfinished()) {
    for (const task of live.load(instanceId)?.pending.values() ?? []) {
      timers.schedule(task);
      activities.dispatch(task);
    }
    worker.wake(instanceId);
  }

  const idle = (): boolean => worker.running === 0 && activities.running === 0;
  let closing: Promise<void> | undefined;
  function stop(): void {
    activities.stop();
    timers.close();
  }
  async function shut(graceMilliseconds: number): Promise<void> {
    stop();
    // What runs may still complete and commit; only then does the worker stop taking turns.
    const end = Date.now() + graceMilliseconds;
    while (!idle() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
    worker.stop();
    store.flush();
    store.close();
  }

  return {
    ...management({
      store,
      clock,
      newId,
      isOrchestrator,
      pass,
      deliver: (it) => worker.post(it.instanceId, it.queued),
    }),
    limits,
    status: (instanceId) => store.get(instanceId),
    history: (instance) =>
      options.storeInputsInHistory === false
        ? store.history(instance.executionId).map(withoutInput)
        : store.history(instance.executionId),
    list(filter, top, continuation) {
      if (continuation === undefined) return listInstances(store.database, filter, top);
      const after = decodeContinuation(continuation);
      return after && listInstances(store.database, filter, top, after);
    },
    async waitForEnd(instanceId, milliseconds) {
      const instance = store.get(instanceId);
      if (instance === undefined || hasEnded(instance.status)) return instance;
      await new Promise<void>((resolve) => {
        const set = waiting.get(instanceId) ?? new Set();
        waiting.set(instanceId, set);
        const timeout = setTimeout(finish, milliseconds);
        set.add(finish);
        function finish(): void {
          clearTimeout(timeout);
          set.delete(finish);
          resolve();
        }
      });
      return store.get(instanceId);
    },
    stop,
    close(graceMilliseconds = 5_000) {
      closing ??= shut(graceMilliseconds);
      return closing;
    },
  };
}
