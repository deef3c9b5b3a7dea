/**
 * The silo's queue by peek-lock.
 *
 * 1. One message at a time, and each settlement is awaited before anything else happens on the receiver: the client
 *    library mixes up outcomes of messages that are settled in one tick.
 * 2. A message that could not be journalled is not abandoned (ten quick deliveries would dead-letter the plan) but
 *    tried again under its lock, and then left to its expiry.
 * 3. Whatever happens to the connection, a new client is made after a pause, for ever.
 */
import type { ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import { backoffDelay } from '../backoff.ts';
import { type Log, reasonOf } from '../log.ts';
import type { Clock, Inbox } from '../ports.ts';
import { closeServiceBus } from './service-bus-client.ts';

const RECONNECT = { firstMs: 500, maxMs: 30_000 };
const HANDLE_AGAIN = { firstMs: 500, maxMs: 15_000 };
/** Within the receiver's own renewal of locks, which ends after five minutes. */
const HANDLE_FOR_MS = 240_000;
const POLL_MS = 60_000;

type Handle = (body: unknown) => Promise<void>;

export function serviceBusInbox(options: {
  open: () => ServiceBusClient;
  queue: string;
  log: Log;
  clock: Clock;
}): Inbox {
  const { open, queue, log, clock } = options;

  async function handleUntilDone(body: unknown, handle: Handle, signal: AbortSignal): Promise<void> {
    const until = clock.monotonic() + HANDLE_FOR_MS;
    for (let failures = 1; ; failures++) {
      try {
        return await handle(body);
      } catch (error) {
        const pause = backoffDelay(failures, HANDLE_AGAIN, clock.random);
        if (signal.aborted || clock.monotonic() + pause > until) throw error;
        log('error', 'message-not-journalled', { reason: reasonOf(error) });
        await clock.sleep(pause, signal);
        if (signal.aborted) throw error;
      }
    }
  }

  async function settle(receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage): Promise<void> {
    try {
      await receiver.completeMessage(message);
    } catch (error) {
      // It will be delivered again and change nothing.
      log('info', 'message-not-settled', { reason: reasonOf(error) });
    }
  }

  return {
    async receive(handle, signal) {
      for (let failures = 0; !signal.aborted; ) {
        const client = open();
        try {
          const receiver = client.createReceiver(queue, { receiveMode: 'peekLock' });
          while (!signal.aborted) {
            const waiting = { maxWaitTimeInMs: POLL_MS, abortSignal: signal };
            const [message] = await receiver.receiveMessages(1, waiting);
            failures = 0;
            if (message === undefined) continue;
            await handleUntilDone(message.body, handle, signal);
            await settle(receiver, message);
          }
        } catch (error) {
          if (signal.aborted) break;
          failures += 1;
          log('warn', 'queue-unreachable', { queue, reason: reasonOf(error) });
        } finally {
          await closeServiceBus(client);
        }
        if (!signal.aborted)
          await clock.sleep(backoffDelay(Math.max(1, failures), RECONNECT, clock.random), signal);
      }
    },
    async probe() {
      const client = open();
      try {
        await client.createReceiver(queue).peekMessages(1);
      } finally {
        await closeServiceBus(client);
      }
    },
  };
}
