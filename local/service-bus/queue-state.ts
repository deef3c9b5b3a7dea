/**
 * One queue (or the dead-letter queue behind it) and the moves that every operation is made of.
 *
 * 1. Memory and journal change in the same turn of the event loop: what the log's snapshot shows is always the state
 *    after every record handed to it so far.
 * 2. A message is visible only once its record is on disk; nothing is answered before that.
 * 3. When a record cannot be written, memory is put back and a compensating record is tried.
 * 4. Locks are never written. Sequence numbers are shared with the dead-letter queue and never used twice.
 */
import type { FaultRule } from '../core/fault-rule.ts';
import type { DeadlineOwner, Deadlines } from './deadlines.ts';
import { type Consumer, createDispatcher, type Dispatcher } from './dispatcher.ts';
import { createDuplicateWindow, type DuplicateWindow } from './duplicate-window.ts';
import type { Persist } from './journal-change.ts';
import { createMessageIndex, type MessageIndex } from './message-index.ts';
import { createMessageLocks, type MessageLocks } from './message-locks.ts';
import { createMinHeap, type MinHeap } from './min-heap.ts';
import type { QueueSettings } from './queue-definition.ts';
import type { QueuedMessage } from './queued-message.ts';

export interface QueueEnvironment {
  readonly now: () => number;
  readonly deadlines: Deadlines;
  readonly persist: Persist;
  readonly randomBytes: (size: number) => Buffer;
  /** Runs a round of deliveries soon, outside the caller's turn. */
  readonly defer: (round: () => void) => void;
  /** The fault, if any, that hits the next delivery of this entity. */
  readonly deliveryFault?: (entity: string) => FaultRule | undefined;
}

export interface QueueState {
  readonly environment: QueueEnvironment;
  /** `q` or `q/$deadletterqueue`: its name in the journal. */
  readonly entity: string;
  readonly isDeadLetter: boolean;
  readonly shared: { settings: QueueSettings; nextSequence: number };
  readonly messages: MessageIndex;
  /** Sequence numbers that may be deliverable; checked when taken out. */
  readonly ready: MinHeap<number>;
  readonly locks: MessageLocks;
  readonly duplicates: DuplicateWindow;
  readonly dispatcher: Dispatcher;
  readonly owner: DeadlineOwner;
  /** The queue that refused messages go to; a dead-letter queue has none. */
  readonly deadLetter: QueueState | undefined;
}

export interface QueueBehaviour {
  give(queue: QueueState, consumer: Consumer, message: QueuedMessage): Promise<void> | undefined;
  deadlineOwner(queue: () => QueueState): DeadlineOwner;
}

/** How long after a failed write the same message is tried again, be it by time or by a receiver. */
export const RETRY_AFTER_MS = 5_000;

export function createQueueState(
  environment: QueueEnvironment,
  settings: QueueSettings,
  behaviour: QueueBehaviour,
): QueueState {
  const shared = { settings, nextSequence: 1 };
  const build = (entity: string, deadLetter: QueueState | undefined): QueueState => {
    const queue: QueueState = {
      environment,
      entity,
      isDeadLetter: deadLetter === undefined,
      shared,
      messages: createMessageIndex(),
      ready: createMinHeap<number>((sequence) => sequence),
      locks: createMessageLocks(environment.now),
      duplicates: createDuplicateWindow(environment.now),
      dispatcher: createDispatcher({
        next: () => nextDeliverable(queue),
        give: (consumer, message) => behaviour.give(queue, consumer, message),
        defer: environment.defer,
      }),
      owner: behaviour.deadlineOwner(() => queue),
      deadLetter,
    };
    return queue;
  };
  return build(settings.name, build(`${settings.name}/$deadletterqueue`, undefined));
}

/** Takes a message into memory, unseen until {@link enlist}. */
export function hold(queue: QueueState, message: QueuedMessage): void {
  message.visible = false;
  queue.messages.put(message);
  queue.shared.nextSequence = Math.max(queue.shared.nextSequence, message.sequence + 1);
}

/** Makes a held message visible; nothing happens to it before `notBefore`. */
export function enlist(queue: QueueState, message: QueuedMessage, notBefore = 0): void {
  message.visible = true;
  const { deadlines } = queue.environment;
  if (message.scheduledFor > 0) {
    deadlines.add(Math.max(message.scheduledFor, notBefore), queue.owner, 'activate', message.sequence);
    return;
  }
  if (message.expiresAt !== Infinity) {
    deadlines.add(Math.max(message.expiresAt, notBefore), queue.owner, 'expire', message.sequence);
  }
  if (notBefore > queue.environment.now()) deadlines.add(notBefore, queue.owner, 'offer', message.sequence);
  else offer(queue, message);
}

/** Puts an unlocked message up for delivery. */
export function offer(queue: QueueState, message: QueuedMessage): void {
  queue.ready.push(message.sequence);
  queue.dispatcher.kick();
}

/** Takes a message out of memory, and its lock with it. */
export function take(queue: QueueState, message: QueuedMessage): void {
  queue.locks.release(message);
  queue.messages.remove(message.sequence);
}

/** Puts back a message whose removal could not be written, for a later try: at once would be a busy loop. */
export function restore(queue: QueueState, message: QueuedMessage): void {
  hold(queue, message);
  enlist(queue, message, queue.environment.now() + RETRY_AFTER_MS);
  compensate(queue, [{ kind: 'put', entity: queue.entity, message }]);
}

/** Undoes, as far as the disk allows, what a failed write may have left behind. */
export function compensate(queue: QueueState, changes: Parameters<Persist>[0]): void {
  queue.environment.persist(changes).catch(() => undefined);
}

function nextDeliverable(queue: QueueState): QueuedMessage | undefined {
  for (let sequence = queue.ready.peek(); sequence !== undefined; sequence = queue.ready.peek()) {
    const message = queue.messages.get(sequence);
    if (message !== undefined && isDeliverable(queue, message)) return message;
    queue.ready.pop();
  }
  return undefined;
}

function isDeliverable(queue: QueueState, message: QueuedMessage): boolean {
  const free = message.visible && message.lock === undefined && message.scheduledFor === 0;
  // One that has expired waits for its deadline, which removes it.
  return free && message.expiresAt > queue.environment.now();
}
