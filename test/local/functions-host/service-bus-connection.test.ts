import type { ServiceBusClient } from '@azure/service-bus';
import { expect, it } from 'vitest';
import { openQueueReceiver } from '../../../local/functions-host/service-bus-connection.ts';
import { manualClock } from '../durable/manual-clock.ts';

/** A client of which only the closing is of interest. */
function closing(receiver: () => Promise<void>, client: () => Promise<void>) {
  const clock = manualClock(0);
  const connect = () =>
    ({ createReceiver: () => ({ close: receiver }), close: client }) as unknown as ServiceBusClient;
  return { clock, opened: openQueueReceiver(connect, { queue: 'q' }, clock)() };
}

const never = (): Promise<void> => new Promise(() => {});
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('closing ends when the broker never answers, and the client is closed all the same', async () => {
  let clientClosed = false;
  const { clock, opened } = closing(never, () => {
    clientClosed = true;
    return never();
  });
  const closed = opened.close();
  clock.advance(3_000);
  await turn();
  expect(clientClosed).toBe(true);
  clock.advance(3_000);
  await closed;
});

it('closing waits for nobody when the broker answers, and tells what failed', async () => {
  const { clock, opened } = closing(
    () => Promise.reject(new Error('detached')),
    () => Promise.resolve(),
  );
  await expect(opened.close()).rejects.toThrow('detached');
  expect(clock.waiting).toBe(0);
});
