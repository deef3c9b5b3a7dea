import { DefaultAzureCredential } from '@azure/identity';
import { ServiceBusClient, type ServiceBusClientOptions } from '@azure/service-bus';
import type { Clock } from '../durable/clock.ts';
import { atMost } from './at-most.ts';
import type { OpenReceiver } from './service-bus-session.ts';

/**
 * No retries: the trigger itself tries again for ever and wants to hear of a broken broker soon, and a settlement must
 * not be retried behind the back of settlement.ts.
 */
const clientOptions: ServiceBusClientOptions = {
  retryOptions: { maxRetries: 0, timeoutInMs: 10_000 },
};

/** Throws when the app settings name no namespace under `connection`. */
export function serviceBusClient(
  connection: string,
  settings: Readonly<Record<string, string>>,
): () => ServiceBusClient {
  const namespace = settings[`${connection}__fullyQualifiedNamespace`];
  const connectionString = settings[connection] ?? settings[`AzureWebJobs${connection}`];
  if (namespace !== undefined) {
    const clientId = settings[`${connection}__clientId`];
    const credential = new DefaultAzureCredential(
      clientId === undefined ? {} : { managedIdentityClientId: clientId },
    );
    return () => new ServiceBusClient(namespace, credential, clientOptions);
  }
  if (connectionString !== undefined) return () => new ServiceBusClient(connectionString, clientOptions);
  throw new Error(
    `the Service Bus connection '${connection}' is not configured: set ${connection}__fullyQualifiedNamespace`,
  );
}

/** A close waits for the broker's answer, which never comes when the connection is lost meanwhile. */
const longestClose = 3_000;

/** Opens one client and one peek-lock receiver per call. */
export function openQueueReceiver(
  connect: () => ServiceBusClient,
  entity: { readonly queue: string } | { readonly topic: string; readonly subscription: string },
  clock: Clock,
): OpenReceiver {
  return () => {
    const client = connect();
    const options = {
      receiveMode: 'peekLock',
      maxAutoLockRenewalDurationInMs: 0, // see lock-renewal.ts
      // Bodies reach the function as they were sent; parsing is the library's.
      skipParsingBodyAsJson: true,
    } as const;
    const receiver =
      'queue' in entity
        ? client.createReceiver(entity.queue, options)
        : client.createReceiver(entity.topic, entity.subscription, options);
    return {
      receiver,
      async close() {
        const closed = await Promise.allSettled([atMost(clock, longestClose, receiver.close())]);
        await atMost(clock, longestClose, client.close());
        for (const outcome of closed) if (outcome.status === 'rejected') throw outcome.reason;
      },
    };
  };
}
