import type { DeadlineOwner } from './deadlines.ts';
import { loseLock, moveToDeadLetter } from './queue-settle.ts';
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

/** What time does to a queue: locks end, messages expire, scheduled messages become active. */
export function deadlineOwner(queueOf: () => QueueState): DeadlineOwner {
  return {
    due(kind, key) {
      const queue = queueOf();
      // A failed write has already put the message back, and the deadline with it.
      const ignore = (): void => undefined;
      if (kind === 'unlock') unlock(queue, String(key)).catch(ignore);
      else {
        const message = queue.messages.get(Number(key));
        if (message === undefined) return;
        if (kind === 'offer') offer(queue, message);
        else if (kind === 'activate') activate(queue, message).catch(ignore);
        else expire(queue, message).catch(ignore);
      }
    },
    awaits(kind, key) {
      const queue = queueOf();
      if (kind === 'unlock') return queue.locks.find(String(key)) !== undefined;
      return queue.messages.get(Number(key)) !== undefined;
    },
  };
}

async function unlock(queue: QueueState, token: string): Promise<void> {
  const message = queue.locks.find(token);
  if (message?.lock === undefined) return;
  const { environment } = queue;
  if (message.lock.until > environment.now()) {
    environment.deadlines.add(message.lock.until, queue.owner, 'unlock', token);
    return;
  }
  await loseLock(queue, token);
}

async function expire(queue: QueueState, message: QueuedMessage): Promise<void> {
  const { environment, shared, entity } = queue;
  // A locked message does not expire: it is looked at again when its lock ends.
  if (!message.visible || message.lock !== undefined || message.expiresAt > environment.now()) return;
  if (shared.settings.deadLetterOnExpiry) {
    await moveToDeadLetter(queue, message, {
      DeadLetterReason: 'TTLExpiredException',
      DeadLetterErrorDescription: 'The message expired before it was received.',
    });
    return;
  }
  take(queue, message);
  // Left to the next start where this cannot be written: it expires again then.
  await environment.persist([{ kind: 'remove', entity, sequence: message.sequence }]);
}

/** A scheduled message that becomes active takes a new sequence number, behind what was sent meanwhile. */
async function activate(queue: QueueState, message: QueuedMessage): Promise<void> {
  const { environment, entity, shared } = queue;
  const now = environment.now();
  if (message.scheduledFor === 0 || !message.visible) return;
  if (message.scheduledFor > now) {
    environment.deadlines.add(now + RETRY_AFTER_MS, queue.owner, 'activate', message.sequence);
    return;
  }
  const active: QueuedMessage = {
    ...message,
    sequence: shared.nextSequence,
    enqueuedAt: now,
    scheduledFor: 0,
    expiresAt: message.ttl === undefined ? Infinity : now + message.ttl,
  };
  take(queue, message);
  hold(queue, active);
  try {
    await environment.persist([
      { kind: 'remove', entity, sequence: message.sequence },
      { kind: 'put', entity, message: active },
    ]);
  } catch (error) {
    take(queue, active);
    compensate(queue, [{ kind: 'remove', entity, sequence: active.sequence }]);
    restore(queue, message);
    throw error;
  }
  enlist(queue, active);
}
