/**
 * Gives task ids to the actions of an orchestrator, as the Durable extension does for out-of-process languages, and
 * says what is left to schedule. A pure function of the history and the actions. Invariants:
 *
 * 1. Ids come from one counter in the order in which the host starts actions; an external event takes none.
 * 2. The host starts the action of one yield only when that of the yield before it has completed by the host's own
 *    rules (Task.all waits for every child here, though the SDK fails fast), so the host may lag behind the SDK.
 * 3. A failed attempt of a retried call takes one id for its timer and, if attempts are left, one for the next call.
 *    The timer follows even the last attempt: the SDK waits for it before it reports the failure.
 * 4. A cancellation takes effect in the episode in which it first shows, and the history records it there; so a replay
 *    of the whole history takes the same decisions as the episodes did one by one.
 */
import type { Action } from './actions.ts';
import {
  canceledTimers,
  completedTask,
  type EventRaised,
  EventType,
  type HistoryEvent,
  scheduledTask,
} from './events.ts';
import { Compound, Retry, TaskNode } from './task-tree.ts';

/** One thing that the host must do, under its task id. */
export type Decision =
  | { readonly kind: 'activity'; readonly id: number; readonly name: string; readonly input: unknown }
  | {
      readonly kind: 'subOrchestration';
      readonly id: number;
      readonly name: string;
      readonly input: unknown;
      readonly version: string;
      readonly instanceId: string | undefined;
    }
  | { readonly kind: 'timer'; readonly id: number; readonly fireAt: Date };

/** A task that the host has started and that has not completed. */
export interface OpenTask {
  readonly decision: Decision;
  /** The action that asked for it; undefined for what a retry policy added after its first attempt. */
  readonly action: Action | undefined;
}

export interface Interpretation {
  readonly decisions: readonly Decision[];
  readonly canceled: readonly number[];
  readonly open: ReadonlyMap<number, OpenTask>;
  readonly nextId: number;
  /** Every action has been started and the last has completed or waits; false while the host lags (invariant 2). */
  readonly caughtUp: boolean;
  /** The last started action has completed. */
  readonly idle: boolean;
  readonly continueAsNew: { readonly input: unknown } | undefined;
  /** Names of events that arrived and that nobody has waited for. */
  readonly unconsumed: readonly string[];
  /** Events that arrived after continue-as-new had been called; they belong to the next generation. */
  readonly carried: readonly EventRaised[];
  /** Retried calls that have not come to an end. */
  readonly openRetries: number;
  /** Timers that follow the last attempt of a retried call. */
  readonly closingTimers: ReadonlySet<number>;
}

type TimerAction = Extract<Action, { actionType: 5 }>;

/** Replays `history` (which may end in an unfinished episode) over all `actions` of the generation. */
export function interpret(history: readonly HistoryEvent[], actions: readonly Action[]): Interpretation {
  let nextId = 0;
  let cursor = -1;
  let current: TaskNode | undefined;
  let begun = false;
  let now = new Date(0);
  let continueAsNew: { input: unknown } | undefined;
  let openRetries = 0;
  const started: Decision[] = [];
  const open = new Map<number, OpenTask & { node: TaskNode }>();
  const timers = new Map<number, TimerAction>();
  const waiters = new Map<string, TaskNode[]>();
  const buffered = new Map<string, number>();
  const closingTimers = new Set<number>();
  const carried: EventRaised[] = [];

  function leaf(
    parent: TaskNode | undefined,
    action: Action | undefined,
    make: (id: number) => Decision,
  ): TaskNode {
    const decision = make(nextId++);
    const node = new TaskNode(parent);
    started.push(decision);
    open.set(decision.id, { decision, action, node });
    return node;
  }

  type Call = Extract<Action, { actionType: 0 | 1 }>;
  const call = (action: Call, parent: TaskNode | undefined, asked: Action | undefined): TaskNode =>
    leaf(parent, asked, (id) => ({ kind: 'activity', id, name: action.functionName, input: action.input }));

  type ChildCall = Extract<Action, { actionType: 2 | 3 }>;
  const callChild = (action: ChildCall, parent: TaskNode | undefined, asked: Action | undefined): TaskNode =>
    leaf(parent, asked, (id) => ({
      kind: 'subOrchestration',
      id,
      name: action.functionName,
      input: action.input,
      version: action.version ?? '',
      instanceId: action.instanceId,
    }));

  function retried(action: Extract<Action, { actionType: 1 | 3 }>, parent: TaskNode | undefined): TaskNode {
    openRetries++;
    return new Retry(parent, action.retryOptions, {
      now: () => now,
      ended: () => openRetries--,
      attempt: (node, first) => {
        const asked = first ? action : undefined;
        if (action.actionType === 1) call(action, node, asked);
        else callChild(action, node, asked);
      },
      timer: (node, fireAt, closing) => {
        if (closing) closingTimers.add(nextId);
        leaf(node, undefined, (id) => ({ kind: 'timer', id, fireAt }));
      },
    });
  }

  function awaitEvent(name: string, node: TaskNode): void {
    const waiting = buffered.get(name) ?? 0;
    if (waiting > 0) {
      buffered.set(name, waiting - 1);
      node.settle('completed');
      return;
    }
    const stack = waiters.get(name);
    if (stack) stack.push(node);
    else waiters.set(name, [node]);
  }

  function raise(event: EventRaised): void {
    const node = waiters.get(event.Name)?.pop();
    if (node) node.settle('completed');
    else if (continueAsNew) carried.push(event);
    else buffered.set(event.Name, (buffered.get(event.Name) ?? 0) + 1);
  }

  function start(action: Action, parent: TaskNode | undefined): TaskNode {
    switch (action.actionType) {
      case 0:
        return call(action, parent, action);
      case 2:
        return callChild(action, parent, action);
      case 1:
      case 3:
        return retried(action, parent);
      case 4: {
        continueAsNew = { input: action.input };
        const node = new TaskNode(parent);
        node.settle('completed');
        return node;
      }
      case 5: {
        const fireAt = new Date(action.fireAt);
        timers.set(nextId, action);
        return leaf(parent, action, (id) => ({ kind: 'timer', id, fireAt }));
      }
      case 6: {
        const node = new TaskNode(parent);
        awaitEvent(action.externalEventName, node);
        return node;
      }
      case 11:
      case 12: {
        const rule = action.actionType === 11 ? 'any' : 'all';
        const node = new Compound(parent, rule, action.compoundActions.length);
        for (const child of action.compoundActions) start(child, node);
        node.seal();
        return node;
      }
    }
  }

  function settle(id: number, state: 'completed' | 'failed'): void {
    const task = open.get(id);
    if (!task) return;
    open.delete(id);
    timers.delete(id);
    task.node.settle(state);
  }

  function advance(): void {
    while (begun && (current === undefined || current.state !== 'running')) {
      const action = actions[cursor + 1];
      if (action === undefined) return;
      cursor++;
      current = start(action, undefined);
    }
  }

  for (const event of history) {
    switch (event.EventType) {
      case EventType.OrchestratorStarted:
        if (event.Timestamp > now) now = event.Timestamp;
        break;
      case EventType.ExecutionStarted:
        begun = true;
        break;
      case EventType.TaskFailed:
      case EventType.SubOrchestrationInstanceFailed:
        settle(event.TaskScheduledId, 'failed');
        break;
      case EventType.EventRaised:
        raise(event);
        break;
      case EventType.GenericEvent:
        for (const id of canceledTimers(event)) settle(id, 'failed');
        break;
      default: {
        const id = completedTask(event);
        if (id !== undefined) settle(id, 'completed');
      }
    }
    advance();
  }

  const canceled: number[] = [];
  for (let found = true; found; ) {
    found = false;
    for (const [id, action] of timers) {
      if (!action.isCanceled) continue;
      canceled.push(id);
      settle(id, 'failed');
      advance();
      found = true; // a new timer may have been started, itself already cancelled
      break;
    }
  }

  const known = new Set<number>();
  for (const event of history) {
    const id = scheduledTask(event);
    if (id !== undefined) known.add(id);
  }
  return {
    decisions: started.filter((decision) => !known.has(decision.id)),
    canceled,
    open,
    nextId,
    caughtUp: cursor + 1 >= actions.length,
    idle: current === undefined || current.state !== 'running',
    continueAsNew,
    unconsumed: [...buffered].flatMap(([name, count]) => Array<string>(count).fill(name)),
    carried,
    openRetries,
    closingTimers,
  };
}
