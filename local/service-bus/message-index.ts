import { type QueuedMessage, storedSize } from './queued-message.ts';

/** The messages of one queue by sequence number, in order, with the bytes that they take. */
export interface MessageIndex {
  readonly size: number;
  readonly bytes: number;
  get(sequence: number): QueuedMessage | undefined;
  has(message: QueuedMessage): boolean;
  /** Adds or replaces. */
  put(message: QueuedMessage): void;
  remove(sequence: number): void;
  /** In order of sequence number, from the first one at or above `sequence`. */
  from(sequence: number): Iterable<QueuedMessage>;
}

export function createMessageIndex(): MessageIndex {
  const messages = new Map<number, QueuedMessage>();
  const sizes = new Map<number, number>();
  let bytes = 0;
  // Ascending. Holds removed numbers too, until they outnumber the rest.
  let order: number[] = [];

  function lowerBound(sequence: number): number {
    let low = 0;
    let high = order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((order[middle] ?? Infinity) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function insert(sequence: number): void {
    // Nearly always the largest yet; dead-letter queues and restored messages come out of order.
    if (sequence > (order.at(-1) ?? -1)) order.push(sequence);
    else {
      const at = lowerBound(sequence);
      if (order[at] !== sequence) order.splice(at, 0, sequence);
    }
  }

  return {
    get size() {
      return messages.size;
    },
    get bytes() {
      return bytes;
    },
    get: (sequence) => messages.get(sequence),
    has: (message) => messages.get(message.sequence) === message,
    put(message) {
      const size = storedSize(message);
      bytes += size - (sizes.get(message.sequence) ?? 0);
      sizes.set(message.sequence, size);
      messages.set(message.sequence, message);
      insert(message.sequence);
    },
    remove(sequence) {
      if (!messages.delete(sequence)) return;
      bytes -= sizes.get(sequence) ?? 0;
      sizes.delete(sequence);
      if (order.length > 64 && order.length > 2 * messages.size) order = order.filter((s) => messages.has(s));
    },
    *from(sequence) {
      const snapshot = order;
      for (let at = lowerBound(sequence); at < snapshot.length; at++) {
        const message = messages.get(snapshot[at] ?? -1);
        if (message !== undefined) yield message;
      }
    },
  };
}
