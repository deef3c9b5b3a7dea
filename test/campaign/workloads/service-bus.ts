import { setTimeout as sleep } from 'node:timers/promises';
import {
  ServiceBusClient,
  type ServiceBusReceivedMessage,
  type ServiceBusReceiver,
} from '@azure/service-bus';
import type { State } from '../ledger.ts';
import { anyCredential, type OpenWorkload } from '../workload.ts';

const HOUR = 3_600_000;

/** Sends, batches, schedules and cancels by even workers; completes, abandons and dead-letters by odd ones. */
export const openServiceBus: OpenWorkload = async ({ port }, ledger) => {
  const client = new ServiceBusClient(`localhost:${port}`, anyCredential, {
    retryOptions: { maxRetries: 0, timeoutInMs: 2_000 },
  });
  const sender = client.createSender('q');
  const receivers = new Map<number, ServiceBusReceiver>();
  let sent = ledger.items().length;
  const newItem = (): string => `m${++sent}`;

  async function send(random: () => number): Promise<void> {
    const way = random();
    if (way < 0.15) {
      const item = newItem();
      let sequences: Awaited<ReturnType<typeof sender.scheduleMessages>> = [];
      await ledger.change([item], 'scheduled', async () => {
        sequences = await sender.scheduleMessages(
          [{ messageId: item, body: 'x' }],
          new Date(Date.now() + HOUR),
        );
      });
      if (random() < 0.7) await ledger.change([item], null, () => sender.cancelScheduledMessages(sequences));
      return;
    }
    const items = Array.from({ length: way < 0.3 ? 8 : 1 }, newItem);
    const messages = items.map((messageId) => ({ messageId, body: 'x'.repeat(200) }));
    await ledger.change(items, 'queue', () => sender.sendMessages(messages));
  }

  async function settle(
    receiver: ServiceBusReceiver,
    message: ServiceBusReceivedMessage,
    way: number,
  ): Promise<void> {
    const item = String(message.messageId);
    if (way < 0.2 || ledger.inDoubt(item)) return receiver.abandonMessage(message);
    if (way < 0.35) return ledger.change([item], 'dead', () => receiver.deadLetterMessage(message));
    return ledger.change([item], null, () => receiver.completeMessage(message));
  }

  async function peekAll(receiver: ServiceBusReceiver, found: Map<string, State>, inQueue: State) {
    let from: ServiceBusReceivedMessage['sequenceNumber'];
    for (;;) {
      const start = from === undefined ? {} : { fromSequenceNumber: from };
      const messages = await receiver.peekMessages(250, start);
      for (const { messageId, state } of messages) {
        found.set(String(messageId), state === 'scheduled' ? 'scheduled' : inQueue);
      }
      const last = messages.at(-1)?.sequenceNumber;
      if (last === undefined) return;
      from = last.add(1);
    }
  }

  return {
    async step(worker, random) {
      if (worker % 2 === 0) return send(random);
      const receiver = receivers.get(worker) ?? client.createReceiver('q');
      receivers.set(worker, receiver);
      // One after the other: the client mixes up different outcomes of the same tick.
      for (const message of await receiver.receiveMessages(10, { maxWaitTimeInMs: 200 })) {
        await settle(receiver, message, random());
      }
    },
    async look() {
      const found = new Map<string, State>();
      await peekAll(client.createReceiver('q'), found, 'queue');
      await peekAll(client.createReceiver('q', { subQueueType: 'deadLetter' }), found, 'dead');
      return found;
    },
    ping: () => sender.sendMessages({ body: 'x' }),
    // Bounded: the client's close never settles when its connection is lost in the middle of it.
    close: () => Promise.race([client.close(), sleep(500)]),
  };
};
