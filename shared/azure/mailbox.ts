import { setTimeout as sleep } from 'node:timers/promises';
import { isServiceBusError, type ServiceBusClient, type ServiceBusSender } from '@azure/service-bus';
import { queues } from '../domain/resources.ts';
import type { OutgoingMessage, SiloMailbox } from '../ports/mailbox.ts';
import { within } from './time-limit.ts';

/** What a queue that cannot take a message for its own reasons answers; everything else is a fault of ours. */
const unreachable = new Set([
  'MessagingEntityNotFound',
  'MessagingEntityDisabled',
  'UnauthorizedAccess',
  'QuotaExceeded',
]);

/** A connection that breaks while it is being opened is waited for a whole minute, whatever the client's settings. */
const sendLimitMs = 20_000;

const attempts = 3;

/** Sends to silos' queues over one connection with a cached sender per queue. */
export function serviceBusMailbox(client: ServiceBusClient): SiloMailbox {
  const senders = new Map<string, ServiceBusSender>();

  async function sendOnce(silo: string, message: OutgoingMessage): Promise<void> {
    const sender = senders.get(silo) ?? client.createSender(queues.silo(silo));
    senders.set(silo, sender);
    try {
      const sent = sender.sendMessages({
        messageId: message.messageId,
        contentType: 'application/json',
        body: message.body,
        timeToLive: Math.max(1, message.timeToLiveMs),
      });
      await within(sendLimitMs, sent);
    } catch (error) {
      senders.delete(silo);
      // Not awaited: closing may wait for the very connection that broke.
      void sender.close().catch(() => undefined);
      throw error;
    }
  }

  return {
    async send(silo, message) {
      for (let attempt = 1; ; attempt++) {
        try {
          await sendOnce(silo, message);
          return 'sent';
        } catch (error) {
          if (isServiceBusError(error) && unreachable.has(error.code)) return 'unreachable';
          if (attempt >= attempts) throw error;
          await sleep(Math.random() * 250 * 2 ** attempt);
        }
      }
    },
  };
}
