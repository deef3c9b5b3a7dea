import type { MessageLock, QueuedMessage } from './queued-message.ts';

/** A receiver as a queue sees it. */
export interface Consumer {
  readonly receiveAndDelete: boolean;
  /** How many more messages it can take now. */
  capacity(): number;
  deliver(message: QueuedMessage, lock: MessageLock | undefined): void;
  /** Nothing more can be given now: the moment to answer a drain. */
  exhausted(): void;
}

export interface Dispatcher {
  attach(consumer: Consumer): void;
  detach(consumer: Consumer): void;
  /** Asks for a round of deliveries soon; calls that come together cause one round. */
  kick(): void;
}

export interface DispatcherOptions {
  /** The next message that may be delivered; stays the next until given. */
  readonly next: () => QueuedMessage | undefined;
  /** Hands over the next message. A promise means that it reaches the consumer later, and counts until then. */
  readonly give: (consumer: Consumer, message: QueuedMessage) => Promise<void> | undefined;
  readonly defer: (round: () => void) => void;
}

interface Slot {
  readonly consumer: Consumer;
  inFlight: number;
}

/** Shares the messages of a queue among its consumers, one each in turn, to those with room. */
export function createDispatcher({ next, give, defer }: DispatcherOptions): Dispatcher {
  const slots: Slot[] = [];
  let turn = 0;
  let scheduled = false;

  function hand(slot: Slot, message: QueuedMessage): void {
    const arrival = give(slot.consumer, message);
    if (arrival === undefined) return;
    slot.inFlight++;
    const landed = (): void => {
      slot.inFlight--;
      kick();
    };
    arrival.then(landed, landed);
  }

  function round(): void {
    scheduled = false;
    let full = 0;
    while (full < slots.length) {
      const message = next();
      if (message === undefined) break;
      const slot = slots[turn++ % slots.length];
      if (slot === undefined) break;
      if (slot.consumer.capacity() - slot.inFlight <= 0) {
        full++;
        continue;
      }
      full = 0;
      hand(slot, message);
    }
    for (const slot of slots.slice()) if (slot.inFlight === 0) slot.consumer.exhausted();
  }

  function kick(): void {
    if (scheduled || slots.length === 0) return;
    scheduled = true;
    defer(round);
  }

  return {
    attach(consumer) {
      slots.push({ consumer, inFlight: 0 });
      kick();
    },
    detach(consumer) {
      const index = slots.findIndex((slot) => slot.consumer === consumer);
      if (index >= 0) slots.splice(index, 1);
    },
    kick,
  };
}
