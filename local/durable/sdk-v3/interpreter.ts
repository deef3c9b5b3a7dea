/**
 * Gives task ids to the actions of an orchestrator, as the Durable extension does for out-of-process languages, and
 * says what is left to schedule. What it says depends on the history and the actions alone, and not on how many steps
 * the history was given in. Invariants:
 *
 * 1. Ids come from one counter in the order in which the host starts actions; an external event takes none.
 * 2. The host starts the action of one yield only when that of the yield before it has completed by the host's own
 *    rules (Task.all waits for every child here, though the SDK fails fast), so the host may lag behind the SDK.
 * 3. A failed attempt of a retried call takes one id for its timer and, if attempts are left, one for the next call.
 *    The timer follows even the last attempt: the SDK waits for it before it reports the failure.
 * 4. A cancellation takes effect in the episode in which it first shows, and the history records it there; so a replay
 *    of the whole history takes the same decisions as the episodes did one by one.
 * 5. What the history has scheduled is what the actions ask for under that id, by kind and name; otherwise the code has
 *    changed or is not deterministic, and results would reach the wrong task.
 */
import type { Decision } from '../decision.ts';
import {
  canceledTimers,
  completedTask,
  type EventRaised,
  EventType,
  type HistoryEvent,
  scheduledTask,
} from '../events.ts';
import { toJson } from '../payload.ts';
import type { Action } from './actions.ts';
import { describeTask, taskName } from './task-name.ts';
import { Compound, Retry, TaskNode } from './task-tree.ts';

/** A task that the host has started and that has not completed. */
export interface OpenTask {
  readonly decision: Decision;
  /** The action that asked for it; undefined for what a retry policy added after its first attempt. */
  readonly action: Action | undefined;
}

export interface Interpretation {
  /** What the history does not have yet, nor an earlier step has named. */
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
  /** How history and actions contradict each other (invariant 5). */
  readonly contradiction: string | undefined;
}

type TimerAction = Extract<Action, { actionType: 5 }>;

export interface Interpreter {
  /**
   * Goes on with `events`, which end with those of the episode to be judged, over all `actions` of the generation so
   * far. What an earlier step has decided counts as recorded, so its scheduling events need not be given.
   */
  advance(events: readonly HistoryEvent[], actions: readonly Action[]): Interpretation;
}

export function startInterpreter(): Interpreter {
  let actions: readonly Action[] = [];
  let nextId = 0;
  let cursor = -1;
  let current: TaskNode | undefined;
  let begun = false;
  let now = new Date(0);
  let continueAsNew: { input: unknown } | undefined;
  let openRetries = 0;
  const unrecorded = new Map<number, Decision>();
  /** Scheduled by the history before the action was seen; a cancelled timer may make way for a task in its own turn. */
  const recorded = new Map<number, string>();
  let contradiction: string | undefined;
  const open = new Map<number, OpenTask & { node: TaskNode }>();
  const timers = new Map<number, TimerAction>();
  const waiters = new Map<string, TaskNode[]>();
  const buffered = new Map<string, number>();
  const carried: EventRaised[] = [];

  function leaf(
    parent: TaskNode | undefined,
    action: Action | undefined,
    make: (id: number) => Decision,
  ): TaskNode {
    const decision = make(nextId++);
    const node = new TaskNode(parent);
    const before = recorded.get(decision.id);
    if (before === undefined) unrecorded.set(decision.id, decision);
    else compare(decision.id, before, decision);
    recorded.delete(decision.id);
    open.set(decision.id, { decision, action, node });
    return node;
  }

  function compare(id: number, before: string, decision: Decision): void {
    const now = describeTask(decision);
    if (now !== before) contradiction ??= `task ${id} is ${now}, and was ${before}`;
  }

  type Call = Extract<Action, { actionType: 0 | 1 }>;
  const call = (action: Call, parent: TaskNode | undefined, asked: Action | undefined): TaskNode =>
    leaf(parent, asked, (id) => ({
      kind: 'activity',
      id,
      name: action.functionName,
      input: activityInput(action.input),
    }));

  type ChildCall = Extract<Action, { actionType: 2 | 3 }>;
  const callChild = (action: ChildCall, parent: TaskNode | undefined, asked: Action | undefined): TaskNode =>
    leaf(parent, asked, (id) => ({
      kind: 'subOrchestration',
      id,
      name: action.functionName,
      input: toJson(action.input),
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
      timer: (node, fireAt) => {
        leaf(node, undefined, (id) => ({ kind: 'timer', id, fireAt }));
      },
    });
  }

  function awaitEvent(name: string, node: TaskNode): void {
    const waiting = buffered.get(name) ?? 0;
    if (waiting > 0) {
      if (waiting > 1) buffered.set(name, waiting - 1);
      else buffered.delete(name);
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

  function record(id: number, before: string): void {
    const decision = unrecorded.get(id);
    if (decision === undefined) recorded.set(id, before);
    else compare(id, before, decision);
    unrecorded.delete(id);
  }

  function take(event: HistoryEvent): void {
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
        const completes = completedTask(event);
        if (completes !== undefined) settle(completes, 'completed');
        const schedules = scheduledTask(event);
        if (schedules !== undefined)
          record(schedules, 'Name' in event ? taskName(event.EventType, event.Name) : 'a timer');
      }
    }
    advance();
  }

  /** Timers whose action has been cancelled since; settling one may start another, itself already cancelled. */
  function cancelTimers(): number[] {
    const canceled: number[] = [];
    for (const [id, action] of timers) {
      if (!action.isCanceled) continue;
      canceled.push(id);
      settle(id, 'failed');
      advance();
    }
    return canceled;
  }

  return {
    advance(events, all) {
      actions = all;
      for (const event of events) take(event);
      const canceled = cancelTimers();
      const [unasked] = recorded;
      if (unasked) contradiction ??= `task ${unasked[0]} was ${unasked[1]}, and is not asked for now`;
      const decisions = [...unrecorded.values()];
      unrecorded.clear();
      return {
        decisions,
        canceled,
        open,
        nextId,
        caughtUp: cursor + 1 >= actions.length,
        idle: current === undefined || current.state !== 'running',
        continueAsNew,
        unconsumed: [...buffered].flatMap(([name, count]) => Array<string>(count).fill(name)),
        carried,
        openRetries,
        contradiction,
      };
    },
  };
}

/** An activity's input as JSON text: the SDK has already encoded strings, but nothing else. */
const activityInput = (input: unknown): string | null => {
  if (input === undefined || input === null) return null;
  return typeof input === 'string' ? input : toJson(input);
};
