import { createMinHeap } from './min-heap.ts';

export type DeadlineKind = 'expire' | 'activate' | 'unlock' | 'offer';

/** Whom a deadline concerns. The key is a sequence number or a lock token, so that a stale deadline holds no message. */
export interface DeadlineOwner {
  due(kind: DeadlineKind, key: number | string): void;
  /** Whether the deadline still means something. */
  awaits(kind: DeadlineKind, key: number | string): boolean;
}

export interface Deadlines {
  add(at: number, owner: DeadlineOwner, kind: DeadlineKind, key: number | string): void;
  /** Epoch milliseconds of the earliest deadline, Infinity without one. */
  next(): number;
  /** Fires everything due by now. */
  run(): void;
}

interface Deadline {
  readonly at: number;
  readonly owner: DeadlineOwner;
  readonly kind: DeadlineKind;
  readonly key: number | string;
}

const PURGE_ABOVE = 4096;

/** The deadlines of all queues of a broker, by the injected clock. Nobody cancels one: stale ones are swept. */
export function createDeadlines(now: () => number): Deadlines {
  const heap = createMinHeap<Deadline>(({ at }) => at);
  let purgeAt = PURGE_ABOVE;
  return {
    add(at, owner, kind, key) {
      heap.push({ at, owner, kind, key });
      if (heap.size < purgeAt) return;
      heap.retain((deadline) => deadline.owner.awaits(deadline.kind, deadline.key));
      purgeAt = Math.max(PURGE_ABOVE, 2 * heap.size);
    },
    next: () => heap.peek()?.at ?? Infinity,
    run() {
      const time = now();
      for (let first = heap.peek(); first !== undefined && first.at <= time; first = heap.peek()) {
        heap.pop();
        first.owner.due(first.kind, first.key);
      }
    },
  };
}
