import { expect } from 'vitest';
import { expectEmpty, receiveOne, refusalCode, takeAll } from '../../local/service-bus/expectations.ts';
import { serviceBusSuite } from './service-bus-backend.ts';

const suite = serviceBusSuite();
const { conform } = suite;

conform(
  ['Put token', 'Send', 'Receive', 'Complete, abandon or dead-letter'],
  'a message comes out as it went in, and is gone once completed',
  async () => {
    const { sb, q } = await suite.freshQueue();
    await sb.createSender(q).sendMessages({
      body: { a: 1 },
      messageId: 'm1',
      subject: 's',
      correlationId: 'c',
      contentType: 'application/json',
      applicationProperties: { p: 'x', n: 3, t: true },
    });
    const receiver = sb.createReceiver(q);
    const message = await receiveOne(receiver);
    expect(message).toMatchObject({
      body: { a: 1 },
      messageId: 'm1',
      subject: 's',
      correlationId: 'c',
      contentType: 'application/json',
      deliveryCount: 0,
      state: 'active',
      applicationProperties: { p: 'x', n: 3, t: true },
    });
    expect(message.sequenceNumber?.toNumber()).toBe(1);
    expect(message.enqueuedTimeUtc).toBeInstanceOf(Date);
    await receiver.completeMessage(message);
    await expectEmpty(receiver);
  },
);

conform(['Send', 'Receive'], 'a message without an id is given one', async () => {
  const { sb, q } = await suite.freshQueue();
  await sb.createSender(q).sendMessages({ body: 'plain' });
  const message = await receiveOne(sb.createReceiver(q));
  expect(message.messageId).toMatch(/^[0-9a-f]{32}$/);
});

conform(['Send', 'Receive'], 'a batch comes out in the order it was filled', async () => {
  const { sb, q } = await suite.freshQueue();
  const sender = sb.createSender(q);
  const batch = await sender.createMessageBatch();
  for (let index = 0; index < 20; index += 1) expect(batch.tryAddMessage({ body: index })).toBe(true);
  await sender.sendMessages(batch);
  expect(await takeAll(sb, q, 20)).toEqual(Array.from({ length: 20 }, (_, index) => index));
});

conform(['Send', 'Receive'], 'receive-and-delete takes a message away by giving it', async () => {
  const { sb, q } = await suite.freshQueue();
  await sb.createSender(q).sendMessages([{ body: 1 }, { body: 2 }]);
  expect(await takeAll(sb, q, 2)).toEqual([1, 2]);
  await expectEmpty(sb.createReceiver(q));
});

conform(['Send'], 'a message above the limit is refused and the sender goes on', async () => {
  const { sb, q } = await suite.freshQueue();
  const sender = sb.createSender(q);
  const refused = await refusalCode(sender.sendMessages({ body: Buffer.alloc(suite.tooManyBytes) }));
  expect(refused).toBe('MessageSizeExceeded');
  await sender.sendMessages({ body: Buffer.alloc(200_000, 7) });
  const message = await receiveOne(sb.createReceiver(q));
  expect(Buffer.from(message.body as Buffer)).toEqual(Buffer.alloc(200_000, 7));
});

conform(['Send', 'Receive'], 'a repeated id within the window is accepted and dropped', async () => {
  const { sb, q } = await suite.freshQueue({ duplicateDetectionWindowMs: 60_000 });
  const sender = sb.createSender(q);
  await sender.sendMessages({ body: 'first', messageId: 'same' });
  await sender.sendMessages({ body: 'second', messageId: 'same' });
  await sender.sendMessages({ body: 'other', messageId: 'another' });
  expect(await takeAll(sb, q, 2)).toEqual(['first', 'other']);
  await expectEmpty(sb.createReceiver(q));
});

conform(['Peek', 'Schedule message'], 'peeking shows messages of every state in order', async () => {
  const { sb, q } = await suite.freshQueue();
  const sender = sb.createSender(q);
  await sender.sendMessages([{ body: 'a' }, { body: 'b' }, { body: 'c' }]);
  await sender.scheduleMessages({ body: 'd' }, new Date(Date.now() + 3_600_000));
  const receiver = sb.createReceiver(q);
  await receiveOne(receiver);
  const peeked = [...(await receiver.peekMessages(2)), ...(await receiver.peekMessages(10))];
  expect(peeked.map(({ body, state }) => [body, state])).toEqual([
    ['a', 'active'],
    ['b', 'active'],
    ['c', 'active'],
    ['d', 'scheduled'],
  ]);
});

conform(
  ['Schedule message', 'Cancel scheduled message', 'Receive'],
  'a scheduled message comes when it is due, and not when it was cancelled',
  async () => {
    const { sb, q } = await suite.freshQueue();
    const sender = sb.createSender(q);
    const due = new Date(Date.now() + 2000);
    const [cancelled] = await sender.scheduleMessages({ body: 'cancelled' }, due);
    await sender.scheduleMessages({ body: 'due' }, due);
    if (cancelled === undefined) throw new Error('a sequence number expected');
    await sender.cancelScheduledMessages(cancelled);
    const receiver = sb.createReceiver(q);
    await expectEmpty(receiver);
    const message = await receiveOne(receiver);
    expect(message.body).toBe('due');
    await receiver.completeMessage(message);
    await expectEmpty(receiver);
  },
);

conform(
  ['Receive'],
  'an expired message is never received, and dead-lettered where the queue says so',
  async () => {
    const { sb, q } = await suite.freshQueue({ deadLetterOnExpiry: true });
    await sb.createSender(q).sendMessages({ body: 'late', timeToLive: 500 });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await expectEmpty(sb.createReceiver(q));
    const dead = await receiveOne(sb.createReceiver(q, { subQueueType: 'deadLetter' }));
    expect(dead).toMatchObject({ body: 'late', deadLetterReason: 'TTLExpiredException' });
  },
);
