import { describe, expect, it } from 'vitest';
import { createFaultPlan } from '../../../local/core/faults.ts';
import { expectEmpty, receiveOne, refusalCode, takeAll, until } from './expectations.ts';
import { startNamespace } from './namespace.ts';

describe('messages', () => {
  it('come out as they went in', async () => {
    const { client } = await startNamespace([{ name: 'q' }]);
    const sb = client();
    await sb.createSender('q').sendMessages({
      body: { a: 1 },
      messageId: 'm1',
      subject: 's',
      correlationId: 'c',
      contentType: 'application/json',
      applicationProperties: { p: 'x', n: 3, t: true },
    });
    const receiver = sb.createReceiver('q');
    const message = await receiveOne(receiver);
    expect(message).toMatchObject({
      body: { a: 1 },
      messageId: 'm1',
      subject: 's',
      correlationId: 'c',
      contentType: 'application/json',
      deliveryCount: 0,
      state: 'active',
    });
    expect(message.applicationProperties).toEqual({ p: 'x', n: 3, t: true });
    expect(message.sequenceNumber?.toNumber()).toBe(1);
    expect(message.enqueuedTimeUtc).toBeInstanceOf(Date);
    expect(message.lockedUntilUtc?.getTime()).toBeGreaterThan(Date.now() + 30_000);
    await receiver.completeMessage(message);
    await expectEmpty(receiver);
  });

  it('without an id are given one, with which they can be settled', async () => {
    const { client } = await startNamespace([{ name: 'q' }]);
    const sb = client();
    await sb.createSender('q').sendMessages({ body: 'plain' });
    const receiver = sb.createReceiver('q');
    const message = await receiveOne(receiver);
    expect(message.messageId).toMatch(/^[0-9a-f]{32}$/);
    await receiver.completeMessage(message);
  });

  it('are deleted by being received in receiveAndDelete mode', async () => {
    const { bus, client } = await startNamespace([{ name: 'q' }]);
    const sb = client();
    await sb.createSender('q').sendMessages([{ body: 1 }, { body: 2 }]);
    expect(await takeAll(sb, 'q', 2)).toEqual([1, 2]);
    expect(bus.queues()[0]).toMatchObject({ active: 0, bytes: 0 });
  });

  it('of a batch are stored all or none', async () => {
    const { bus, client } = await startNamespace([
      { name: 'q', maxQueueBytes: 8192 },
      { name: 'wide', maxMessageBytes: 4096 },
    ]);
    const sb = client();
    const sender = sb.createSender('q');
    const batch = await sender.createMessageBatch();
    for (let i = 0; i < 10; i++) expect(batch.tryAddMessage({ body: Buffer.alloc(1000) })).toBe(true);
    expect(await refusalCode(sender.sendMessages(batch))).toBe('QuotaExceeded');
    expect(bus.queues()[0]).toMatchObject({ active: 0, bytes: 0 });
    const small = await sender.createMessageBatch();
    for (let i = 0; i < 3; i++) small.tryAddMessage({ body: i });
    await sender.sendMessages(small);
    expect(await takeAll(sb, 'q', 3)).toEqual([0, 1, 2]);
    expect((await sb.createSender('wide').createMessageBatch()).maxSizeInBytes).toBe(4096);
  });

  it('above the size limit are refused and leave the link usable', async () => {
    const { client } = await startNamespace([{ name: 'q' }]);
    const sb = client();
    const sender = sb.createSender('q');
    expect(await refusalCode(sender.sendMessages({ body: Buffer.alloc(300_000) }))).toBe(
      'MessageSizeExceeded',
    );
    await sender.sendMessages({ body: Buffer.alloc(200_000, 7) });
    const message = await receiveOne(sb.createReceiver('q'));
    expect(Buffer.from(message.body as Buffer)).toEqual(Buffer.alloc(200_000, 7));
  });

  it('of one moment are answered each with its own outcome', async () => {
    const { client } = await startNamespace([{ name: 'q' }]);
    const sb = client();
    const sender = sb.createSender('q');
    await sender.sendMessages({ body: 'warm' });
    const sizes = [1, 300_000, 1, 1, 300_000, 300_000, 1];
    const outcomes = await Promise.allSettled(
      sizes.map((size, i) => sender.sendMessages({ body: Buffer.alloc(size, i) })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(
      sizes.map((size) => (size === 1 ? 'fulfilled' : 'rejected')),
    );
    expect((await takeAll(sb, 'q', 5)).length).toBe(5);
  });

  it('still on their way to disk are not answered with their neighbours', async () => {
    const faults = createFaultPlan();
    const { bus, client } = await startNamespace([{ name: 'q' }], { faults });
    const sender = client().createSender('q');
    await sender.sendMessages({ body: 'warm' });
    const late = (delayMs: number) =>
      ({ service: 'servicebus', operation: 'send q', kind: 'latency', delayMs, times: 1 }) as const;
    faults.set([late(50), late(2000), late(50)]);
    let answered = false;
    const [first, second, third] = ['1', '2', '3'].map((body) => sender.sendMessages({ body }));
    const middle = second?.then(() => {
      answered = true;
    });
    await Promise.all([first, third]);
    expect([answered, bus.queues()[0]?.active]).toEqual([false, 3]);
    await middle;
    expect(bus.queues()[0]?.active).toBe(4);
  });

  it('that repeat an id within the window are accepted and dropped', async () => {
    let skew = 0;
    const { client } = await startNamespace([{ name: 'q', duplicateDetectionWindowMs: 60_000 }], {
      now: () => Date.now() + skew,
    });
    const sb = client('admin', { tokenOf: () => `admin|${Date.now() + 86_400_000}` });
    const sender = sb.createSender('q');
    await Promise.all([
      sender.sendMessages({ body: 'first', messageId: 'same' }),
      sender.sendMessages({ body: 'second', messageId: 'same' }),
      sender.sendMessages({ body: 'other', messageId: 'another' }),
    ]);
    expect(await takeAll(sb, 'q', 3)).toEqual(['first', 'other']);
    skew = 61_000;
    await sender.sendMessages({ body: 'later', messageId: 'same' });
    expect(await takeAll(sb, 'q', 1)).toEqual(['later']);
  });

  it('can be peeked in order without being received, whatever state they are in', async () => {
    const { client } = await startNamespace([{ name: 'q' }]);
    const sb = client();
    const sender = sb.createSender('q');
    await sender.sendMessages([{ body: 'a' }, { body: 'b' }, { body: 'c' }]);
    await sender.scheduleMessages({ body: 'd' }, new Date(Date.now() + 3_600_000));
    const receiver = sb.createReceiver('q');
    await receiveOne(receiver);
    const first = await receiver.peekMessages(2);
    const rest = await receiver.peekMessages(10);
    expect([...first, ...rest].map(({ body, state }) => [body, state])).toEqual([
      ['a', 'active'],
      ['b', 'active'],
      ['c', 'active'],
      ['d', 'scheduled'],
    ]);
    expect(await receiver.peekMessages(10)).toEqual([]);
  });

  it('beyond what a session can hold unsettled flow over one link without stalling', async () => {
    const { client } = await startNamespace([{ name: 'q' }]);
    const sb = client();
    const sender = sb.createSender('q');
    const total = 9000;
    for (let sent = 0; sent < total; sent += 500) {
      await sender.sendMessages(Array.from({ length: 500 }, (_, i) => ({ body: sent + i })));
    }
    const seen = new Set<unknown>();
    const receiver = sb.createReceiver('q');
    const subscription = receiver.subscribe(
      {
        processMessage: async ({ body }) => void seen.add(body),
        processError: async () => undefined,
      },
      { maxConcurrentCalls: 200 },
    );
    await until(() => seen.size === total);
    await subscription.close();
    await expectEmpty(sb.createReceiver('q'));
  }, 30_000);

  it('are shared out among competing receivers, each to one', async () => {
    const { client } = await startNamespace([{ name: 'q' }]);
    const seen: [number, unknown][] = [];
    for (const index of [0, 1, 2]) {
      client()
        .createReceiver('q')
        .subscribe(
          {
            processMessage: async ({ body }) => void seen.push([index, body]),
            processError: async () => undefined,
          },
          { maxConcurrentCalls: 2 },
        );
    }
    const sender = client().createSender('q');
    for (let i = 0; i < 60; i++) await sender.sendMessages({ body: i });
    await until(() => seen.length >= 60);
    expect(new Set(seen.map(([, body]) => body)).size).toBe(60);
    expect(new Set(seen.map(([index]) => index)).size).toBe(3);
  });

  it('are handled as many at a time as the subscriber allows and no more', async () => {
    const { client } = await startNamespace([{ name: 'q' }]);
    const sb = client();
    await sb.createSender('q').sendMessages(Array.from({ length: 40 }, (_, i) => ({ body: i })));
    let running = 0;
    let most = 0;
    let done = 0;
    sb.createReceiver('q').subscribe(
      {
        async processMessage() {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setTimeout(resolve, 20));
          running--;
          done++;
        },
        processError: async () => undefined,
      },
      { maxConcurrentCalls: 5 },
    );
    await until(() => done === 40);
    expect(most).toBe(5);
  });

  it('requested from an empty queue end the wait and leave the link open', async () => {
    const { client } = await startNamespace([{ name: 'q' }]);
    const sb = client();
    const receiver = sb.createReceiver('q');
    for (let i = 0; i < 3; i++) await expectEmpty(receiver);
    await sb.createSender('q').sendMessages({ body: 'after all' });
    expect((await receiveOne(receiver)).body).toBe('after all');
  });
});
