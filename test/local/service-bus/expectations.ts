import {
  isServiceBusError,
  type ServiceBusClient,
  type ServiceBusReceivedMessage,
  type ServiceBusReceiver,
} from '@azure/service-bus';
import { expect } from 'vitest';

/** The `code` of the ServiceBusError that the promise rejects with. */
export async function refusalCode(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return isServiceBusError(error) ? error.code : String(error);
  }
  return 'no refusal';
}

/** Exactly one message, waited for. */
export async function receiveOne(receiver: ServiceBusReceiver): Promise<ServiceBusReceivedMessage> {
  const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 10_000 });
  if (message === undefined) throw new Error('no message came');
  return message;
}

export async function expectEmpty(receiver: ServiceBusReceiver): Promise<void> {
  expect(await receiver.receiveMessages(1, { maxWaitTimeInMs: 150 })).toEqual([]);
}

/** The bodies in a queue, taken out. */
export async function takeAll(client: ServiceBusClient, queue: string, count: number): Promise<unknown[]> {
  const receiver = client.createReceiver(queue, { receiveMode: 'receiveAndDelete' });
  const bodies: unknown[] = [];
  while (bodies.length < count) {
    const messages = await receiver.receiveMessages(count - bodies.length, { maxWaitTimeInMs: 2000 });
    if (messages.length === 0) break;
    bodies.push(...messages.map(({ body }): unknown => body));
  }
  await receiver.close();
  return bodies;
}

/** Waits until the condition holds, within the test's own time limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
