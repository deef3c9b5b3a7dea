import { describe, expect, it } from 'vitest';
import { DiskFull } from '../../../local/core/disk-full.ts';
import { createDeadlines } from '../../../local/service-bus/deadlines.ts';
import type { Consumer } from '../../../local/service-bus/dispatcher.ts';
import type { EncodedMessage } from '../../../local/service-bus/encoded-message.ts';
import type { Change } from '../../../local/service-bus/journal-change.ts';
import { deadlineOwner } from '../../../local/service-bus/queue-deadlines.ts';
import { type QueueDefinition, queueSettings } from '../../../local/service-bus/queue-definition.ts';
import { give, peek } from '../../../local/service-bus/queue-receive.ts';
import { enqueue } from '../../../local/service-bus/queue-send.ts';
import {
  abandon,
  complete,
  deadLetter,
  release,
  renewLock,
} from '../../../local/service-bus/queue-settle.ts';
import { createQueueState } from '../../../local/service-bus/queue-state.ts';
import type { QueuedMessage } from '../../../local/service-bus/queued-message.ts';

const message = (messageId: string, more: Partial<EncodedMessage> = {}): EncodedMessage => ({
  durable: true,
  priority: undefined,
  ttl: undefined,
  annotations: Buffer.alloc(0),
  annotationItems: 0,
  scheduledFor: 0,
  messageId,
  bare: Buffer.from([0, 0x53, 0x77, 0xa1, 1, 0x78]),
  ...more,
});

/** A queue with a clock and a disk in the test's hands. */
function bench(definition: Partial<QueueDefinition> = {}) {
  const clock = { now: 1_000_000 };
  const disk = { full: false, held: undefined as Promise<void> | undefined, written: [] as Change[][] };
  const rounds: (() => void)[] = [];
  const deadlines = createDeadlines(() => clock.now);
  const queue = createQueueState(
    {
      now: () => clock.now,
      deadlines,
      async persist(changes) {
        if (disk.full) throw new DiskFull('no room');
        await disk.held;
        disk.written.push([...changes]);
      },
      randomBytes: (size) => Buffer.from(Array.from({ length: size }, () => Math.floor(Math.random() * 256))),
      defer: (round) => void rounds.push(round),
    },
    queueSettings({ name: 'q', ...definition }),
    { give, deadlineOwner },
  );
  async function settleDown(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      for (const round of rounds.splice(0)) round();
    }
  }
  function consumer(target = queue, receiveAndDelete = false) {
    const got: QueuedMessage[] = [];
    const state = { capacity: 100, drains: 0 };
    const self: Consumer = {
      receiveAndDelete,
      capacity: () => state.capacity,
      deliver(delivered) {
        state.capacity--;
        got.push(delivered);
      },
      exhausted: () => void state.drains++,
    };
    target.dispatcher.attach(self);
    const tokenOf = (index: number): string => got[index]?.lock?.token ?? '';
    return { got, state, tokenOf, ids: () => got.map(({ messageId }) => messageId) };
  }
  async function advance(ms: number): Promise<void> {
    clock.now += ms;
    deadlines.run();
    await settleDown();
  }
  return { queue, clock, disk, consumer, advance, settleDown };
}

describe('a queue', () => {
  it('shows a message to nobody before its record is on disk', async () => {
    const { queue, disk, consumer, settleDown } = bench();
    let written: () => void = () => undefined;
    disk.held = new Promise((resolve) => {
      written = resolve;
    });
    const receiver = consumer();
    const sending = enqueue(queue, [message('a')]);
    await settleDown();
    expect([receiver.ids(), peek(queue, 0, 10)]).toEqual([[], []]);
    written();
    expect(await sending).toEqual([1]);
    await settleDown();
    expect(receiver.ids()).toEqual(['a']);
  });

  it('deletes on receiving only once the deletion is on disk, and does not try without pause', async () => {
    const { queue, disk, consumer, settleDown, advance } = bench();
    await enqueue(queue, [message('a')]);
    disk.full = true;
    const receiver = consumer(queue, true);
    await settleDown();
    expect(receiver.ids()).toEqual([]);
    disk.full = false;
    queue.dispatcher.kick();
    await settleDown();
    expect(receiver.ids()).toEqual([]);
    await advance(5000);
    expect(receiver.ids()).toEqual(['a']);
    expect(queue.messages.size).toBe(0);
  });

  it('answers a drain only when nothing is on its way to the consumer', async () => {
    const { queue, consumer, settleDown, disk } = bench();
    await enqueue(queue, [message('a')]);
    let written: () => void = () => undefined;
    disk.held = new Promise((resolve) => {
      written = resolve;
    });
    const receiver = consumer(queue, true);
    await settleDown();
    expect(receiver.state.drains).toBe(0);
    written();
    await settleDown();
    expect(receiver.state.drains).toBeGreaterThan(0);
  });

  it('shares messages among consumers in turn, by their room', async () => {
    const { queue, consumer, settleDown } = bench();
    const [a, b, full] = [consumer(), consumer(), consumer()];
    full.state.capacity = 0;
    a.state.capacity = 1;
    await enqueue(
      queue,
      ['1', '2', '3', '4'].map((id) => message(id)),
    );
    await settleDown();
    expect([a.got.length, b.got.length, full.got.length]).toEqual([1, 3, 0]);
  });

  it('gives an abandoned message back in its old place', async () => {
    const { queue, consumer, settleDown } = bench();
    const receiver = consumer();
    receiver.state.capacity = 1;
    await enqueue(queue, [message('1'), message('2')]);
    await settleDown();
    await abandon(queue, receiver.tokenOf(0));
    receiver.state.capacity = 2;
    queue.dispatcher.kick();
    await settleDown();
    expect(receiver.ids()).toEqual(['1', '1', '2']);
  });

  it('does not count a release', async () => {
    const { queue, consumer, settleDown } = bench();
    const receiver = consumer();
    await enqueue(queue, [message('1')]);
    await settleDown();
    release(queue, receiver.tokenOf(0));
    await settleDown();
    expect(receiver.got.map(({ deliveryCount }) => deliveryCount)).toEqual([0, 0]);
  });

  it('counts lock expiries and dead-letters at the limit, without anything counted in the dead-letter queue', async () => {
    const { queue, consumer, advance, settleDown } = bench({ maxDeliveryCount: 2, lockDurationMs: 1000 });
    const receiver = consumer();
    await enqueue(queue, [message('1')]);
    await settleDown();
    await advance(1000);
    await advance(1000);
    expect(receiver.ids()).toEqual(['1', '1']);
    const dead = consumer(queue.deadLetter);
    await settleDown();
    for (let i = 0; i < 5; i++) await advance(1000);
    expect(new Set(dead.got.map(({ deliveryCount }) => deliveryCount))).toEqual(new Set([2]));
    expect(dead.got.length).toBe(6);
  });

  it('honours a renewed lock and no lock that has run out', async () => {
    const { queue, consumer, advance, settleDown } = bench({ lockDurationMs: 1000 });
    const receiver = consumer();
    await enqueue(queue, [message('1')]);
    await settleDown();
    const token = receiver.tokenOf(0);
    await advance(900);
    renewLock(queue, token);
    await advance(900);
    expect(receiver.got.length).toBe(1);
    await advance(200);
    await expect(complete(queue, token)).rejects.toMatchObject({
      condition: 'com.microsoft:message-lock-lost',
    });
    expect(receiver.got.length).toBe(2);
  });

  it('settles each lock once', async () => {
    const { queue, consumer, settleDown } = bench();
    const receiver = consumer();
    await enqueue(queue, [message('1')]);
    await settleDown();
    const token = receiver.tokenOf(0);
    const results = await Promise.allSettled([
      complete(queue, token),
      abandon(queue, token),
      complete(queue, token),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(queue.messages.size).toBe(0);
  });

  it('with a full disk refuses sends, keeps what it has, and recovers by itself', async () => {
    const { queue, disk, consumer, settleDown, advance } = bench({
      duplicateDetectionWindowMs: 60_000,
      lockDurationMs: 1000,
    });
    const receiver = consumer();
    await enqueue(queue, [message('kept')]);
    await settleDown();
    disk.full = true;
    await expect(enqueue(queue, [message('refused')])).rejects.toBeInstanceOf(DiskFull);
    for (const operation of [complete, abandon, (q: typeof queue, t: string) => deadLetter(q, t, {})]) {
      await expect(operation(queue, receiver.tokenOf(receiver.got.length - 1))).rejects.toBeInstanceOf(
        DiskFull,
      );
      await advance(5000);
    }
    expect(new Set(receiver.ids())).toEqual(new Set(['kept']));
    disk.full = false;
    expect(await enqueue(queue, [message('refused')])).toEqual([expect.any(Number)]);
    await settleDown();
    expect(receiver.ids().at(-1)).toBe('refused');
    await complete(queue, receiver.tokenOf(receiver.got.length - 1));
    expect([...queue.messages.from(0)].map(({ messageId }) => messageId)).toEqual(['kept']);
  });

  it('does not acknowledge a duplicate before the original, nor after the original has failed', async () => {
    const { queue, disk } = bench({ duplicateDetectionWindowMs: 60_000 });
    let fail: (error: Error) => void = () => undefined;
    disk.held = new Promise((_resolve, reject) => {
      fail = reject;
    });
    const both = Promise.allSettled([enqueue(queue, [message('a')]), enqueue(queue, [message('a')])]);
    fail(new DiskFull('no room'));
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    disk.held = undefined;
    expect(await enqueue(queue, [message('a')])).not.toEqual([0]);
    expect(await enqueue(queue, [message('a'), message('b'), message('b')])).toEqual([
      0,
      expect.any(Number),
      0,
    ]);
  });

  it('writes a move to the dead-letter queue as one record', async () => {
    const { queue, disk, consumer, settleDown } = bench();
    const receiver = consumer();
    await enqueue(queue, [message('1')]);
    await settleDown();
    await deadLetter(queue, receiver.tokenOf(0), { DeadLetterReason: 'r' });
    expect(disk.written.at(-1)?.map(({ kind }) => kind)).toEqual(['remove', 'put']);
  });

  it('counts the dead-letter queue against its quota', async () => {
    const { queue, consumer, settleDown } = bench({ maxQueueBytes: 400 });
    const receiver = consumer();
    await enqueue(queue, [message('1'), message('2'), message('3')]);
    await settleDown();
    for (const index of [0, 1, 2])
      await deadLetter(queue, receiver.tokenOf(index), { DeadLetterReason: 'r' });
    await expect(enqueue(queue, [message('4'), message('5'), message('6')])).rejects.toMatchObject({
      condition: 'amqp:resource-limit-exceeded',
    });
  });

  it('does not hold on to deadlines of messages that are gone', () => {
    const deadlines = createDeadlines(() => 0);
    const gone = { due: () => undefined, awaits: () => false };
    const waiting = { due: () => undefined, awaits: () => true };
    deadlines.add(1e9, waiting, 'expire', 0);
    for (let at = 1; at <= 4095; at++) deadlines.add(at, gone, 'expire', at);
    expect(deadlines.next()).toBe(1e9);
  });
});
