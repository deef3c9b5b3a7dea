import { mergeApplicationProperties } from './application-properties.ts';
import { BrokerError } from './broker-error.ts';
import {
  compensate,
  enlist,
  hold,
  offer,
  type QueueState,
  RETRY_AFTER_MS,
  restore,
  take,
} from './queue-state.ts';
import type { QueuedMessage } from './queued-message.ts';

export type Properties = Readonly<Record<string, unknown>>;

/** Removes the locked message for good. All settlements resolve when they are on disk and throw message-lock-lost. */
export async function complete(queue: QueueState, token: string): Promise<void> {
  await remove(queue, queue.locks.holder(token));
}

/** Gives the message back, counted as a delivery; sets `properties` on it. Too many deliveries dead-letter it. */
export async function abandon(queue: QueueState, token: string, properties: Properties = {}): Promise<void> {
  const message = queue.locks.holder(token);
  const bare = mergeApplicationProperties(message.bare, properties);
  const edited = bare !== message.bare;
  message.bare = bare;
  if (edited) queue.messages.put(message);
  queue.locks.release(message);
  await giveBack(queue, message, edited);
}

/** Gives the message back as if it had never been delivered. */
export function release(queue: QueueState, token: string): void {
  const message = queue.locks.holder(token);
  queue.locks.release(message);
  offerUnlessExpired(queue, message);
}

/** Ends a lock as if its time were up: the message is delivered again, counted. */
export async function loseLock(queue: QueueState, token: string): Promise<void> {
  const message = queue.locks.find(token);
  if (message === undefined) return;
  queue.locks.release(message);
  await giveBack(queue, message, false);
}

/** Moves the locked message to the dead-letter queue, with `properties` set on it. */
export async function deadLetter(queue: QueueState, token: string, properties: Properties): Promise<void> {
  if (queue.isDeadLetter) {
    throw new BrokerError(
      'amqp:not-allowed',
      'A message in a dead-letter queue cannot be dead-lettered again.',
    );
  }
  await moveToDeadLetter(queue, queue.locks.holder(token), properties);
}

/** Extends the lock; answers its new end in epoch milliseconds. */
export function renewLock(queue: QueueState, token: string): number {
  const { lock } = queue.locks.holder(token);
  if (lock === undefined) return 0;
  lock.until = queue.environment.now() + queue.shared.settings.lockDurationMs;
  return lock.until;
}

/** Counts a delivery that came to nothing. The dead-letter queue does not count. */
export async function giveBack(queue: QueueState, message: QueuedMessage, edited: boolean): Promise<void> {
  if (!queue.isDeadLetter) message.deliveryCount++;
  const { maxDeliveryCount } = queue.shared.settings;
  if (!queue.isDeadLetter && message.deliveryCount >= maxDeliveryCount) {
    await moveToDeadLetter(queue, message, {
      DeadLetterReason: 'MaxDeliveryCountExceeded',
      DeadLetterErrorDescription: `The message was delivered ${maxDeliveryCount} times without being completed.`,
    });
    return;
  }
  const { entity } = queue;
  const { sequence, deliveryCount } = message;
  // Held back meanwhile: another receiver must not see it before the count is on disk.
  message.visible = false;
  try {
    await queue.environment.persist([
      edited ? { kind: 'put', entity, message } : { kind: 'count', entity, sequence, deliveryCount },
    ]);
  } catch (error) {
    enlist(queue, message, queue.environment.now() + RETRY_AFTER_MS);
    throw error;
  }
  message.visible = true;
  offerUnlessExpired(queue, message);
}

export async function moveToDeadLetter(
  queue: QueueState,
  message: QueuedMessage,
  properties: Properties,
): Promise<void> {
  const target = queue.deadLetter;
  if (target === undefined) return;
  const buried: QueuedMessage = {
    ...message,
    bare: mergeApplicationProperties(message.bare, properties),
    deadLetterSource: queue.entity,
    expiresAt: Infinity,
    lock: undefined,
  };
  take(queue, message);
  hold(target, buried);
  const { sequence } = message;
  try {
    await queue.environment.persist([
      { kind: 'remove', entity: queue.entity, sequence },
      { kind: 'put', entity: target.entity, message: buried },
    ]);
  } catch (error) {
    take(target, buried);
    compensate(queue, [{ kind: 'remove', entity: target.entity, sequence }]);
    restore(queue, message);
    throw error;
  }
  enlist(target, buried);
}

export async function remove(queue: QueueState, message: QueuedMessage): Promise<void> {
  take(queue, message);
  try {
    await queue.environment.persist([{ kind: 'remove', entity: queue.entity, sequence: message.sequence }]);
  } catch (error) {
    restore(queue, message);
    throw error;
  }
}

export function offerUnlessExpired(queue: QueueState, message: QueuedMessage): void {
  if (message.expiresAt <= queue.environment.now()) queue.owner.due('expire', message.sequence);
  else offer(queue, message);
}
