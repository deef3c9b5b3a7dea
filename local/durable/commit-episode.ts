/**
 * Writes one episode. Invariant: everything that follows from the episode is in the one transaction in which this runs:
 * history, inbox deletions, children with their start events, the parent's completion event and the instance
 * itself. What it returns is to be acted on only after the commit.
 */
import type { Decision } from './decision.ts';
import { childInstanceId, type Episode } from './episode.ts';
import {
  EventType,
  type ExecutionStarted,
  type FailureDetails,
  fresh,
  type HistoryEvent,
  type ParentLink,
} from './events.ts';
import { hasEnded, type Instance, isInstanceId, type PendingTask, type QueuedEvent } from './instance.ts';
import type { Ending } from './orchestrator-protocol.ts';
import { toJson } from './payload.ts';
import type { Store } from './store.ts';

export interface Delivery {
  readonly instanceId: string;
  readonly queued: QueuedEvent;
}

export interface Committed {
  readonly instance: Instance;
  /** Activities and timers to begin. */
  readonly begun: readonly PendingTask[];
  readonly deliveries: readonly Delivery[];
  /** By how many characters the history has grown. */
  readonly written: number;
}

export interface CommitContext {
  readonly store: Store;
  readonly at: Date;
  readonly newId: () => string;
  readonly isOrchestrator: (name: string) => boolean;
}

export function startedEvent(instance: Instance, at: Date): ExecutionStarted {
  return {
    EventType: EventType.ExecutionStarted,
    ...fresh(at),
    Name: instance.name,
    Version: instance.version,
    Input: instance.input,
    OrchestrationInstance: { InstanceId: instance.instanceId, ExecutionId: instance.executionId },
    ParentInstance: instance.parent,
    Tags: null,
  };
}

/** Creates (or replaces an ended) instance with its start event. */
export function createInstance(
  { store, at }: CommitContext,
  fields: Pick<Instance, 'instanceId' | 'executionId' | 'name' | 'version' | 'input' | 'parent'>,
): Delivery {
  const existing = store.get(fields.instanceId);
  if (existing) store.remove(existing);
  const time = at.getTime();
  const instance: Instance = {
    ...fields,
    output: null,
    customStatus: null,
    status: 'Pending',
    createdAt: time,
    updatedAt: time,
  };
  store.add(instance);
  return deliver(store, instance.instanceId, startedEvent(instance, at), instance.executionId);
}

function deliver(store: Store, instanceId: string, event: HistoryEvent, executionId?: string): Delivery {
  const row = store.enqueue(instanceId, event, executionId);
  return { instanceId, queued: { event, row, ...(executionId === undefined ? {} : { executionId }) } };
}

export function commitEpisode(
  context: CommitContext,
  before: Instance,
  consumed: readonly QueuedEvent[],
  episode: Episode,
): Committed {
  const { store, at } = context;
  const { executionId, instanceId } = before;
  const { ending } = episode;
  for (const { row } of consumed) if (row !== undefined) store.dequeue(row);
  const after: Instance = {
    ...before,
    customStatus: episode.customStatus,
    updatedAt: at.getTime(),
    ...statusAfter(ending),
  };

  if (ending?.kind === 'continued') {
    const next: Instance = { ...after, executionId: context.newId(), input: ending.input };
    store.clearHistory(executionId);
    store.update(before, next);
    const start = deliver(store, instanceId, startedEvent(next, at), next.executionId);
    const carried = ending.carried.map((event) =>
      deliver(store, instanceId, { ...event, IsPlayed: false }, next.executionId),
    );
    return { instance: next, begun: [], deliveries: [start, ...carried], written: 0 };
  }

  const written = store.appendHistory(executionId, episode.appended);
  store.update(before, after);
  if (ending) {
    store.clearInbox(instanceId);
    return { instance: after, begun: [], deliveries: tellParent(store, after, ending, at), written };
  }

  const begun: PendingTask[] = [];
  const deliveries: Delivery[] = [];
  const canceled = new Set(episode.canceled);
  for (const decision of episode.decisions) {
    if (canceled.has(decision.id)) continue;
    begun.push({ instanceId, executionId, decision });
    if (decision.kind === 'subOrchestration') deliveries.push(startChild(context, after, decision));
  }
  return { instance: after, begun, deliveries, written };
}

function statusAfter(ending: Ending | undefined): Pick<Instance, 'status'> & Partial<Instance> {
  switch (ending?.kind) {
    case undefined:
    case 'continued':
      return { status: 'Running' };
    case 'completed':
      return { status: 'Completed', output: ending.output };
    case 'terminated':
      return { status: 'Terminated', output: ending.output };
    case 'failed':
      return { status: 'Failed', output: toJson(ending.reason) };
  }
}

function startChild(
  context: CommitContext,
  parent: Instance,
  decision: Decision & { kind: 'subOrchestration' },
): Delivery {
  const { store, at } = context;
  const instanceId = childInstanceId(parent, decision);
  const link: ParentLink = {
    name: parent.name,
    instanceId: parent.instanceId,
    executionId: parent.executionId,
    taskId: decision.id,
  };
  const existing = store.get(instanceId);
  const refusal = !context.isOrchestrator(decision.name)
    ? `The function '${decision.name}' doesn't exist, is disabled, or is not an orchestrator function.`
    : !isInstanceId(instanceId)
      ? 'The instance id of the sub-orchestration is not valid.'
      : existing && !hasEnded(existing.status)
        ? `An orchestration instance with the id '${instanceId}' is already ${existing.status}.`
        : undefined;
  if (refusal !== undefined) {
    const details = { ErrorType: 'SubOrchestrationRefused', ErrorMessage: refusal };
    return deliver(
      store,
      parent.instanceId,
      childFailed(link, details, decision.name, at),
      parent.executionId,
    );
  }
  return createInstance(context, {
    instanceId,
    executionId: context.newId(),
    name: decision.name,
    version: decision.version,
    input: decision.input,
    parent: link,
  });
}

function childFailed(
  link: ParentLink,
  details: Pick<FailureDetails, 'ErrorType' | 'ErrorMessage'>,
  name: string,
  at: Date,
): HistoryEvent {
  return {
    EventType: EventType.SubOrchestrationInstanceFailed,
    ...fresh(at),
    TaskScheduledId: link.taskId,
    Reason: `The sub-orchestrator function '${name}' failed: ${details.ErrorMessage}`,
    Details: details.ErrorMessage,
    FailureDetails: { StackTrace: null, IsNonRetriable: false, InnerFailure: null, ...details },
  };
}

function tellParent(store: Store, child: Instance, ending: Ending, at: Date): Delivery[] {
  const link = child.parent;
  if (link === null) return [];
  const parent = store.get(link.instanceId);
  if (parent === undefined || hasEnded(parent.status) || parent.executionId !== link.executionId) return [];
  const event: HistoryEvent =
    ending.kind === 'completed'
      ? {
          EventType: EventType.SubOrchestrationInstanceCompleted,
          ...fresh(at),
          TaskScheduledId: link.taskId,
          Result: ending.output,
        }
      : childFailed(
          link,
          ending.kind === 'failed'
            ? ending.details
            : { ErrorType: 'Terminated', ErrorMessage: 'The sub-orchestration was terminated.' },
          child.name,
          at,
        );
  return [deliver(store, link.instanceId, event, link.executionId)];
}
