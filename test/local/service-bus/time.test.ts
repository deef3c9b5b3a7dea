import { describe, expect, it } from 'vitest';
import { expectEmpty, receiveOne, refusalCode, until } from './expectations.ts';
import { startNamespace } from './namespace.ts';

describe('time', () => {
  const day = 86_400_000;
  async function withClock(...args: Parameters<typeof startNamespace>) {
    const clock = { skew: 0 };
    const namespace = await startNamespace(args[0], { now: () => Date.now() + clock.skew });
    return {
      ...namespace,
      clock,
      sb: namespace.client('admin', { tokenOf: () => `admin|${Date.now() + 9 * day}` }),
    };
  }

  it('drops expired messages even where nobody receives', async () => {
    const { bus, sb, clock } = await withClock([{ name: 'q' }, { name: 'short', defaultTtlMs: 1000 }]);
    await sb.createSender('q').sendMessages([{ body: 'brief', timeToLive: 60_000 }, { body: 'lasting' }]);
    await sb.createSender('short').sendMessages({ body: 'brief', timeToLive: 10 * day });
    clock.skew = 61_000;
    await until(() => bus.queues().every(({ name, active }) => active === (name === 'q' ? 1 : 0)));
    expect(bus.queues().map(({ deadLetter }) => deadLetter)).toEqual([0, 0]);
    expect((await receiveOne(sb.createReceiver('q'))).body).toBe('lasting');
  });

  it('dead-letters expired messages where the queue says so', async () => {
    const { bus, sb, clock } = await withClock([
      { name: 'q', defaultTtlMs: 60_000, deadLetterOnExpiry: true },
    ]);
    await sb.createSender('q').sendMessages({ body: 'late' });
    clock.skew = 61_000;
    await until(() => bus.queues()[0]?.deadLetter === 1);
    const dead = await receiveOne(sb.createReceiver('q', { subQueueType: 'deadLetter' }));
    expect(dead).toMatchObject({ body: 'late', deadLetterReason: 'TTLExpiredException' });
  });

  it('does not expire a message while it is locked', async () => {
    const { bus, sb, clock } = await withClock([{ name: 'q', lockDurationMs: 300_000 }]);
    await sb.createSender('q').sendMessages({ body: 'held', timeToLive: 60_000 });
    const receiver = sb.createReceiver('q', { maxAutoLockRenewalDurationInMs: 0 });
    const message = await receiveOne(receiver);
    clock.skew = 61_000;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(bus.queues()[0]).toMatchObject({ active: 1 });
    await receiver.abandonMessage(message);
    await until(() => bus.queues()[0]?.active === 0);
    await expectEmpty(receiver);
  });

  it('delivers scheduled messages when they are due, behind what was sent meanwhile', async () => {
    const { bus, sb, clock } = await withClock([{ name: 'q' }]);
    const sender = sb.createSender('q');
    const due = new Date(Date.now() + 3_600_000);
    const [sequence] = await sender.scheduleMessages([{ body: 'later', timeToLive: 60_000 }], due);
    await sender.sendMessages({ body: 'now' });
    expect(bus.queues()[0]).toMatchObject({ active: 1, scheduled: 1 });
    const receiver = sb.createReceiver('q');
    const now = await receiveOne(receiver);
    expect(now.body).toBe('now');
    await receiver.completeMessage(now);
    clock.skew = 3_600_000 + 5_000;
    const message = await receiveOne(receiver);
    expect(message.body).toBe('later');
    expect(message.enqueuedSequenceNumber).toBe(sequence?.toNumber());
    expect(message.sequenceNumber?.toNumber()).toBe(3);
  });

  it('cancels scheduled messages, all or none', async () => {
    const { bus, sb } = await withClock([{ name: 'q' }]);
    const sender = sb.createSender('q');
    const due = new Date(Date.now() + 3_600_000);
    const [a, b] = await sender.scheduleMessages([{ body: 'a' }, { body: 'b' }], due);
    if (a === undefined || b === undefined) throw new Error('two sequence numbers expected');
    await sender.cancelScheduledMessages(a);
    expect(await refusalCode(sender.cancelScheduledMessages([b, a]))).toBe('MessageNotFound');
    expect(bus.queues()[0]).toMatchObject({ scheduled: 1 });
    await sender.cancelScheduledMessages(b);
    expect(bus.queues()[0]).toMatchObject({ scheduled: 0, bytes: 0 });
  });
});
