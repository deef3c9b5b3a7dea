import { isServiceBusError, type ServiceBusClient, type ServiceBusSender } from '@azure/service-bus';
import { queues } from '../domain/resources.ts';
import type { SiloMailbox } from '../ports/mailbox.ts';

/** What a queue that cannot take a message for its own reasons answers; everything else is a fault of ours. */
const unreachable = new Set([
  'MessagingEntityNotFound',
  'MessagingEntityDisabled',
  'UnauthorizedAccess',
  'QuotaExceeded',
]);

/** Sends to silos' queues over one connection with a cached sender per queue. */
export function serviceBusMailbox(client: ServiceBusClient): SiloMailbox {
  const senders = new Map<string, ServiceBusSender>();
  return {
    async send(silo, message) {
      const sender = senders.get(silo) ?? client.createSender(queues.silo(silo));
      senders.set(silo, sender);
      try {
        await sender.sendMessages({
          messageId: message.messageId,
          contentType: 'application/json',
          body: message.body,
          timeToLive: Math.max(1, message.timeToLiveMs),
        });
        return 'sent';
      } catch (error) {
        senders.delete(silo);
        await sender.close().catch(() => undefined);
        if (isServiceBusError(error) && unreachable.has(error.code)) return 'unreachable';
        throw error;
      }
    },
  };
}
