import type { EncodedMessage } from './encoded-message.ts';

/** A peek-lock on a message. Locks live in memory only: after a restart a locked message is available again. */
export interface MessageLock {
  /** The token in RFC 4122 byte order, hex. */
  readonly token: string;
  /** Epoch milliseconds; moves on renewal. */
  until: number;
}

/** A message in a queue. Everything but `visible` and `lock` is durable. */
export interface QueuedMessage extends EncodedMessage {
  /** Sequence numbers rise per queue and are never used twice. */
  readonly sequence: number;
  /** The number given at sending; differs from `sequence` once a scheduled message has become active. */
  readonly enqueuedSequence: number;
  readonly enqueuedAt: number;
  /** Epoch milliseconds, or Infinity. */
  readonly expiresAt: number;
  readonly deadLetterSource: string | undefined;
  deliveryCount: number;
  bare: Buffer;
  /** False until the record of the message is on disk: before that nobody may see it. */
  visible: boolean;
  lock: MessageLock | undefined;
}

/** Bytes that count against the queue's quota. */
export function storedSize(message: EncodedMessage): number {
  return message.bare.length + message.annotations.length + 64;
}
