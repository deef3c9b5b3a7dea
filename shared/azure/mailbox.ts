import { isServiceBusError, type ServiceBusClient, type ServiceBusSender } from '@azure/service-bus';
import { queues } from '../domain/resources.ts';
import type { SiloMailbox } from '../ports/mailbox.ts';
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

/** Sends to silos' queues over one connection with a cached sender per queue. */
export function serviceBusMailbox(client: ServiceBusClient): SiloMailbox {
  const senders = new Map<string, ServiceBusSender>();
  return {
    async send(silo, message) {
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
        return 'sent';
      } catch (error) {
        senders.delete(silo);
        // Not awaited: closing may wait for the very connection that broke.
        void sender.close().catch(() => undefined);
        if (isServiceBusError(error) && unreachable.has(error.code)) return 'unreachable';
        throw error;
      }
    },
  };
}
