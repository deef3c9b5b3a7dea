import { describe, expect, it } from 'vitest';
import { createFaultPlan } from '../../../local/core/faults.ts';
import { receiveOne, refusalCode, takeAll, until } from './expectations.ts';
import { startNamespace } from './namespace.ts';

const patient = {
  retryOptions: { maxRetries: 10, timeoutInMs: 1000, retryDelayInMs: 20, maxRetryDelayInMs: 50 },
};

describe('connection loss', () => {
  it('in the middle of sending loses nothing, and with duplicate detection repeats nothing', async () => {
    const { bus, client } = await startNamespace([{ name: 'q', duplicateDetectionWindowMs: 60_000 }]);
    const sender = client('admin', patient).createSender('q');
    await sender.sendMessages({ body: 0, messageId: '0' });
    const sends: Promise<void>[] = [];
    for (let i = 1; i <= 150; i++) {
      sends.push(sender.sendMessages({ body: i, messageId: String(i) }));
      if (i % 50 === 0) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        bus.dropConnections();
      }
    }
    await Promise.all(sends);
    const bodies = await takeAll(client(), 'q', 151);
    expect(bodies.toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 151 }, (_, i) => i),
    );
  });

  it('leaves a subscriber that comes back by itself', async () => {
    const { bus, client } = await startNamespace([{ name: 'q', lockDurationMs: 1000 }]);
    const seen = new Set<unknown>();
    client('admin', patient)
      .createReceiver('q')
      .subscribe({
        processMessage: async ({ body }) => void seen.add(body),
        processError: async () => undefined,
      });
    const sender = client().createSender('q');
    await sender.sendMessages({ body: 1 });
    await until(() => seen.has(1));
    bus.dropConnections();
    await client().createSender('q').sendMessages({ body: 2 });
    await until(() => seen.has(2));
  });

  it('after a send was stored but not answered leaves one message behind', async () => {
    const faults = createFaultPlan();
    const { bus, client } = await startNamespace([{ name: 'q', duplicateDetectionWindowMs: 60_000 }], {
      faults,
    });
    const sender = client('admin', patient).createSender('q');
    await sender.sendMessages({ body: 'warm', messageId: 'warm' });
    faults.set([{ service: 'servicebus', operation: 'send q', kind: 'lost-answer', times: 1 }]);
    await sender.sendMessages({ body: 'once', messageId: 'once' });
    expect(await takeAll(client(), 'q', 2)).toEqual(['warm', 'once']);
    expect(bus.queues()[0]).toMatchObject({ active: 0 });
  });

  it('after a message was completed but not answered does not bring it back', async () => {
    const faults = createFaultPlan();
    const { bus, client } = await startNamespace([{ name: 'q' }], { faults });
    await client().createSender('q').sendMessages({ body: 'done' });
    const receiver = client('admin', { retryOptions: { maxRetries: 0, timeoutInMs: 1500 } }).createReceiver(
      'q',
    );
    const message = await receiveOne(receiver);
    faults.set([{ service: 'servicebus', operation: 'settle q', kind: 'lost-answer', times: 1 }]);
    expect(await refusalCode(receiver.completeMessage(message))).not.toBe('no refusal');
    expect(bus.queues()[0]).toMatchObject({ active: 0 });
  });

  it('and a busy answer are taken by the client as it takes those of Azure', async () => {
    const faults = createFaultPlan();
    const { client } = await startNamespace([{ name: 'q' }], { faults });
    faults.set([{ service: 'servicebus', operation: 'send q', kind: 'status', times: 2 }]);
    expect(await refusalCode(client().createSender('q').sendMessages({ body: 1 }))).toBe('ServiceBusy');
    await client('admin', patient).createSender('q').sendMessages({ body: 2 });
    expect(await takeAll(client(), 'q', 1)).toEqual([2]);
  });
});
