import { MalformedAmqp } from './amqp-values.ts';
import { asBrokerError, BrokerError } from './broker-error.ts';
import { decodeMessage, splitBatch } from './encoded-message.ts';
import type { LinkFaults } from './link-faults.ts';
import { enqueue } from './queue-send.ts';
import type { QueueState } from './queue-state.ts';
import { answerDeliveries, BATCH_FORMAT, receiveRaw } from './rhea-adapter.ts';
import type { RheaDelivery, RheaLink } from './rhea-types.ts';

/** Enough that a client practically never waits for credit, see the adapter; topped up at half. */
const CREDIT = 2000;

export interface IngressLink {
  /** Takes one transfer; the answer goes out when the message is on disk. */
  readonly onMessage: (delivery: RheaDelivery, format: number, bytes: Buffer | undefined) => void;
}

export interface IngressOptions {
  readonly newMessageId: () => string;
  readonly faults: LinkFaults;
}

/** A client's sender on a queue. */
export function openIngress(link: RheaLink, queue: QueueState, options: IngressOptions): IngressLink {
  let stored: RheaDelivery[] = [];
  let answered = 0;

  function settled(count: number): void {
    answered += count;
    if (answered < CREDIT / 2 || !link.is_open()) return;
    link.add_credit(answered);
    answered = 0;
  }
  function flush(): void {
    const deliveries = stored;
    stored = [];
    answerDeliveries(link, deliveries);
    settled(deliveries.length);
  }
  async function store(delivery: RheaDelivery, format: number, bytes: Buffer | undefined): Promise<void> {
    try {
      if (bytes === undefined) throw tooLarge(queue.shared.settings.maxMessageBytes);
      const messages = decode(bytes, format, options.newMessageId);
      const keep = (): Promise<number[]> => enqueue(queue, messages);
      await options.faults.around(`send ${queue.entity}`, keep, { duplicate: keep });
      // Sends that reach the disk together are answered together.
      if (stored.push(delivery) === 1) process.nextTick(flush);
    } catch (error) {
      answerDeliveries(link, [delivery], asBrokerError(error));
      settled(1);
    }
  }

  link.local.attach.max_message_size = queue.shared.settings.maxMessageBytes;
  receiveRaw(link);
  link.add_credit(CREDIT);
  return { onMessage: (delivery, format, bytes) => void store(delivery, format, bytes) };
}

function decode(bytes: Buffer, format: number, newMessageId: () => string) {
  try {
    const messages = format === BATCH_FORMAT ? splitBatch(bytes) : [bytes];
    return messages.map((message) => decodeMessage(message, newMessageId));
  } catch (error) {
    if (error instanceof MalformedAmqp) {
      throw new BrokerError('amqp:decode-error', `The message is malformed: ${error.message}.`);
    }
    throw error;
  }
}

function tooLarge(limit: number): BrokerError {
  return new BrokerError(
    'amqp:link:message-size-exceeded',
    `The message exceeds the ${limit} bytes that this queue takes.`,
    403,
  );
}
