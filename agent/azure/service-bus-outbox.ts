import type { ServiceBusClient, ServiceBusMessage, ServiceBusSender } from '@azure/service-bus';
import { canonicalJson } from '../../shared/sealing/canonical-json.ts';
import type { Outbox, OutgoingMessage } from '../ports.ts';
import { closeServiceBus } from './service-bus-client.ts';

interface Connection {
  readonly client: ServiceBusClient;
  readonly senders: Map<string, ServiceBusSender>;
}

/** The client waits a whole minute for a connection or link that broke while it was being opened, whatever its settings. */
const SEND_LIMIT_MS = 20_000;

/**
 * Sends by one client with cached senders; after a failure the next send makes a new client. A send that was given up
 * may still arrive: its repetition has the same message id and changes nothing.
 */
export function serviceBusOutbox(open: () => ServiceBusClient): Outbox {
  let present: Connection | undefined;
  let closed = false;

  async function drop(connection: Connection): Promise<void> {
    if (present === connection) present = undefined;
    await closeServiceBus(connection.client);
  }

  return {
    async send(queue, message) {
      if (closed) throw new Error('the outbox is closed');
      present ??= { client: open(), senders: new Map() };
      const connection = present;
      let sender = connection.senders.get(queue);
      if (sender === undefined) {
        sender = connection.client.createSender(queue);
        connection.senders.set(queue, sender);
      }
      try {
        await within(SEND_LIMIT_MS, sender.sendMessages(encoded(message)));
      } catch (error) {
        // Closing may wait for the very connection that broke.
        void drop(connection);
        throw error;
      }
    },
    async close() {
      closed = true;
      if (present !== undefined) await drop(present);
    },
  };
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing was heard for ${limitMs / 1_000} s`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function encoded(message: OutgoingMessage): ServiceBusMessage {
  return {
    messageId: message.messageId,
    contentType: 'application/json',
    // The canonical text, so that a repeated send is the same bytes.
    body: Buffer.from(canonicalJson(message.body), 'utf8'),
    ...(message.timeToLiveMs === undefined ? {} : { timeToLive: message.timeToLiveMs }),
    ...(message.traceparent === undefined
      ? {}
      : { applicationProperties: { 'Diagnostic-Id': message.traceparent } }),
  };
}
