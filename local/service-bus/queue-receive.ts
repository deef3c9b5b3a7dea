import { swapGuidOrder } from './delivery-encoding.ts';
import type { Consumer } from './dispatcher.ts';
import { loseLock, release, remove } from './queue-settle.ts';
import type { QueueState } from './queue-state.ts';
import { type QueuedMessage, storedSize } from './queued-message.ts';

/** Hands the next message to a consumer: under a lock, or, where the consumer wants no lock, once it is deleted. */
export function give(
  queue: QueueState,
  consumer: Consumer,
  message: QueuedMessage,
): Promise<void> | undefined {
  const { environment, shared, locks, owner } = queue;
  queue.ready.pop();
  const fault = environment.deliveryFault?.(queue.entity);
  if (fault?.kind === 'reorder') {
    const later = environment.now() + (fault.delayMs ?? 100);
    environment.deadlines.add(later, owner, 'offer', message.sequence);
    return undefined;
  }
  if (consumer.receiveAndDelete) {
    return remove(queue, message).then(() => consumer.deliver(message, undefined));
  }
  const token = swapGuidOrder(environment.randomBytes(16)).toString('hex');
  const lock = locks.grant(message, token, environment.now() + shared.settings.lockDurationMs);
  environment.deadlines.add(lock.until, owner, 'unlock', token);
  try {
    consumer.deliver(message, lock);
  } catch (error) {
    release(queue, token);
    throw error;
  }
  // A count that cannot be written offers the message again later.
  if (fault?.kind === 'lock-lost') loseLock(queue, token).catch(() => undefined);
  return undefined;
}

const PEEK_BYTES = 1024 * 1024;

/** Messages from `sequence` on, locked and scheduled ones too; at most `count` and about 1 MiB, at least one. */
export function peek(queue: QueueState, sequence: number, count: number): QueuedMessage[] {
  const now = queue.environment.now();
  const found: QueuedMessage[] = [];
  let bytes = 0;
  for (const message of queue.messages.from(sequence)) {
    if (found.length >= count || bytes > PEEK_BYTES) break;
    if (!message.visible || (message.scheduledFor === 0 && message.expiresAt <= now)) continue;
    bytes += storedSize(message);
    found.push(message);
  }
  return found;
}
