import type { ServiceBusClient } from '@azure/service-bus';
import { queues } from '../domain/resources.ts';
import type { DeadLetters } from '../ports/dead-letters.ts';
import { within } from './time-limit.ts';

const mostResubmissions = 5;

/** Moves messages from the dead-letter queue of `updates` back: sent first, then completed, so none is ever lost. */
export function serviceBusDeadLetters(client: ServiceBusClient): DeadLetters {
  return {
    async resubmit(limit, giveUp) {
      const receiver = client.createReceiver(queues.updates, { subQueueType: 'deadLetter' });
      const sender = client.createSender(queues.updates);
      let moved = 0;
      try {
        while (moved < limit) {
          const messages = await receiver.receiveMessages(Math.min(20, limit - moved), {
            maxWaitTimeInMs: 2_000,
          });
          if (messages.length === 0) break;
          for (const message of messages) {
            const times = Number(message.applicationProperties?.['resubmitted'] ?? 0);
            if (times >= mostResubmissions) {
              await giveUp(message.body, message.deadLetterReason ?? 'unknown');
            } else {
              await sender.sendMessages({
                body: message.body as unknown,
                contentType: 'application/json',
                ...(message.messageId === undefined ? {} : { messageId: message.messageId }),
                applicationProperties: { resubmitted: times + 1 },
              });
            }
            // One settlement after the other: the client must never write two in one tick.
            await receiver.completeMessage(message);
            moved += 1;
          }
        }
      } finally {
        // A connection that broke may keep these waiting for ever.
        await within(5_000, Promise.all([receiver.close(), sender.close()])).catch(() => undefined);
      }
      return moved;
    },
  };
}
