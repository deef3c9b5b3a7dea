import { describe, expect, it } from 'vitest';
import { receiveOne, takeAll, until } from './expectations.ts';
import { freshDirectory, startNamespace } from './namespace.ts';

describe('a restart', () => {
  it('brings back queues, messages, counts, schedules and ids seen', async () => {
    const dataDir = await freshDirectory();
    const first = await startNamespace(
      [
        { name: 'q', maxDeliveryCount: 5, duplicateDetectionWindowMs: 3_600_000 },
        { name: 'empty', defaultTtlMs: 60_000 },
      ],
      { dataDir },
    );
    const sb = first.client();
    const sender = sb.createSender('q');
    const bodies = ['abandoned', 'dead', 'completed', 'locked', 'untouched'];
    await sender.sendMessages(bodies.map((body) => ({ body, messageId: body })));
    const [sequence] = await sender.scheduleMessages(
      [{ body: 'later', messageId: 'later' }],
      new Date(Date.now() + 3_600_000),
    );
    const receiver = sb.createReceiver('q');
    const take = async () => receiveOne(receiver);
    const [abandoned, dead, completed] = [await take(), await take(), await take()];
    await take();
    await receiver.deadLetterMessage(dead, { deadLetterReason: 'r', deadLetterErrorDescription: 'd' });
    await receiver.completeMessage(completed);
    await receiver.close();
    await sb
      .createReceiver('q')
      .abandonMessage(abandoned, { seen: 1 })
      .catch(() => undefined);
    await first.bus.close();

    const second = await startNamespace([], { dataDir });
    expect(second.bus.queues()).toMatchObject([
      { name: 'q', active: 3, scheduled: 1, deadLetter: 1, settings: { maxDeliveryCount: 5 } },
      { name: 'empty', active: 0, settings: { defaultTtlMs: 60_000 } },
    ]);
    const again = second.client();
    await again.createSender('q').sendMessages({ body: 'repeated', messageId: 'untouched' });
    const back = [];
    const resumed = again.createReceiver('q');
    while (back.length < 3) back.push(await receiveOne(resumed));
    expect(back.map(({ body }): unknown => body)).toEqual(['abandoned', 'locked', 'untouched']);
    const deadAgain = await receiveOne(again.createReceiver('q', { subQueueType: 'deadLetter' }));
    expect(deadAgain).toMatchObject({ body: 'dead', deadLetterReason: 'r' });
    if (sequence !== undefined) await again.createSender('q').cancelScheduledMessages(sequence);
    expect(second.bus.queues()[0]).toMatchObject({ active: 3, scheduled: 0 });
  });

  it('never uses a sequence number twice, also after everything was consumed and the log rewritten', async () => {
    const dataDir = await freshDirectory();
    const seen: number[] = [];
    for (let life = 0; life < 3; life++) {
      const { bus, client } = await startNamespace([{ name: 'q' }], { dataDir, compactAbove: 2000 });
      const sb = client();
      for (let i = 0; i < 10; i++) {
        await sb.createSender('q').sendMessages({ body: Buffer.alloc(300) });
        const receiver = sb.createReceiver('q');
        const message = await receiveOne(receiver);
        seen.push(message.sequenceNumber?.toNumber() ?? -1);
        await receiver.completeMessage(message);
      }
      // Fills the log until it is rewritten while the queue is empty.
      for (let count = 1; count <= 30; count++) {
        await bus.ensureQueue({ name: 'other', maxDeliveryCount: 100 * life + count });
      }
      await bus.close();
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  });

  it('expires and activates what became due while the broker was down', async () => {
    const dataDir = await freshDirectory();
    const first = await startNamespace([{ name: 'q' }], { dataDir });
    const sender = first.client().createSender('q');
    await sender.sendMessages({ body: 'expired', timeToLive: 60_000 });
    await sender.scheduleMessages({ body: 'due' }, new Date(Date.now() + 60_000));
    await first.bus.close();
    const second = await startNamespace([], { dataDir, now: () => Date.now() + 61_000 });
    const sb = second.client('admin', { tokenOf: () => `admin|${Date.now() + 86_400_000}` });
    expect(await takeAll(sb, 'q', 1)).toEqual(['due']);
    await until(() => second.bus.queues()[0]?.active === 0);
  });

  it('takes changed settings of a queue that exists', async () => {
    const dataDir = await freshDirectory();
    const first = await startNamespace([{ name: 'q', maxDeliveryCount: 3 }], { dataDir });
    await first.bus.ensureQueue({ name: 'q', maxDeliveryCount: 7 });
    await first.bus.close();
    const second = await startNamespace([], { dataDir });
    expect(second.bus.queues()[0]?.settings.maxDeliveryCount).toBe(7);
    await expect(second.bus.ensureQueue({ name: 'a/b' })).rejects.toThrow(/name/);
    await expect(second.bus.ensureQueue({ name: 'q', lockDurationMs: 300_001 })).rejects.toThrow(
      /lockDurationMs/,
    );
  });
});
