import { lockLost } from './broker-error.ts';
import type { MessageLock, QueuedMessage } from './queued-message.ts';

export interface MessageLocks {
  grant(message: QueuedMessage, token: string, until: number): MessageLock;
  /** The message under a lock that is still held; throws message-lock-lost. */
  holder(token: string): QueuedMessage;
  /** The lock's message whether or not its time is up. */
  find(token: string): QueuedMessage | undefined;
  release(message: QueuedMessage): void;
}

/** Locks belong to the queue and not to a link: a client may settle after its link has closed. */
export function createMessageLocks(now: () => number): MessageLocks {
  const byToken = new Map<string, QueuedMessage>();
  return {
    grant(message, token, until) {
      const lock = { token, until };
      message.lock = lock;
      byToken.set(token, message);
      return lock;
    },
    holder(token) {
      const message = byToken.get(token);
      if (message?.lock === undefined || message.lock.until <= now()) throw lockLost();
      return message;
    },
    find: (token) => byToken.get(token),
    release(message) {
      if (message.lock === undefined) return;
      byToken.delete(message.lock.token);
      message.lock = undefined;
    },
  };
}
