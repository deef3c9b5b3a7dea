import { delay } from '@azure/service-bus';
import { describe, expect, it } from 'vitest';
import { expectEmpty, receiveOne, refusalCode, until } from './expectations.ts';
import { startNamespace } from './namespace.ts';

describe('settlement', () => {
  it('abandons with changed properties and counts the delivery', async () => {
    const { client } = await startNamespace([{ name: 'q' }]);
    const sb = client();
    await sb
      .createSender('q')
      .sendMessages({ body: 1, applicationProperties: { kept: 'yes', changed: 'old' } });
    const receiver = sb.createReceiver('q');
    await receiver.abandonMessage(await receiveOne(receiver), { changed: 'new', added: 5 });
    const again = await receiveOne(receiver);
    expect(again.deliveryCount).toBe(1);
    expect(again.applicationProperties).toEqual({ kept: 'yes', changed: 'new', added: 5 });
  });

  it('dead-letters with reason and properties, and the dead-letter queue is received like any other', async () => {
    const { bus, client } = await startNamespace([{ name: 'q', lockDurationMs: 700 }]);
    const sb = client();
    await sb.createSender('q').sendMessages({ body: 'bad', messageId: 'm', applicationProperties: { a: 1 } });
    const receiver = sb.createReceiver('q');
    await receiver.deadLetterMessage(await receiveOne(receiver), {
      deadLetterReason: 'schema',
      deadLetterErrorDescription: 'field missing',
      custom: 'x',
    });
    expect(bus.queues()[0]).toMatchObject({ active: 0, deadLetter: 1 });
    const dead = sb.createReceiver('q', { subQueueType: 'deadLetter', maxAutoLockRenewalDurationInMs: 0 });
    expect((await dead.peekMessages(1)).map(({ body }): unknown => body)).toEqual(['bad']);
    const message = await receiveOne(dead);
    expect(message).toMatchObject({
      body: 'bad',
      messageId: 'm',
      deadLetterReason: 'schema',
      deadLetterErrorDescription: 'field missing',
      deadLetterSource: 'q',
    });
    expect(message.applicationProperties).toMatchObject({ a: 1, custom: 'x' });
    expect(await refusalCode(dead.deadLetterMessage(message))).not.toBe('no refusal');
    const again = await receiveOne(dead);
    expect(again.deliveryCount).toBe(message.deliveryCount);
    await dead.completeMessage(again);
    expect(bus.queues()[0]).toMatchObject({ active: 0, deadLetter: 0, bytes: 0 });
  });

  it('gives different outcomes of one moment to the right messages', async () => {
    const { bus, client } = await startNamespace([{ name: 'q' }]);
    const sb = client();
    await sb.createSender('q').sendMessages([{ body: 'a' }, { body: 'b' }, { body: 'c' }]);
    const receiver = sb.createReceiver('q');
    const messages = [];
    while (messages.length < 3)
      messages.push(...(await receiver.receiveMessages(3, { maxWaitTimeInMs: 3000 })));
    const [a, b, c] = messages;
    if (a === undefined || b === undefined || c === undefined) throw new Error('three messages expected');
    await receiver.completeMessage(a);
    await receiver.deadLetterMessage(b);
    await receiver.abandonMessage(c);
    expect(bus.queues()[0]).toMatchObject({ active: 1, deadLetter: 1 });
    expect((await receiveOne(receiver)).body).toBe('c');
  });

  it('moves a message that was delivered too often to the dead-letter queue', async () => {
    const { client } = await startNamespace([{ name: 'q', maxDeliveryCount: 3 }]);
    const sb = client();
    await sb.createSender('q').sendMessages({ body: 'poison' });
    const receiver = sb.createReceiver('q');
    for (let count = 0; count < 3; count++) {
      const message = await receiveOne(receiver);
      expect(message.deliveryCount).toBe(count);
      await receiver.abandonMessage(message);
    }
    await expectEmpty(receiver);
    const dead = await receiveOne(sb.createReceiver('q', { subQueueType: 'deadLetter' }));
    expect(dead).toMatchObject({
      body: 'poison',
      deadLetterReason: 'MaxDeliveryCountExceeded',
      deliveryCount: 3,
    });
  });

  it('delivers again, counted, what was not settled before its lock ended', async () => {
    const { client } = await startNamespace([{ name: 'q', lockDurationMs: 400 }]);
    const sb = client();
    await sb.createSender('q').sendMessages({ body: 'slow' });
    const receiver = sb.createReceiver('q', { maxAutoLockRenewalDurationInMs: 0 });
    const first = await receiveOne(receiver);
    const second = await receiveOne(receiver);
    expect(second).toMatchObject({ body: 'slow', deliveryCount: 1 });
    await receiver.completeMessage(second);
    expect(await refusalCode(receiver.completeMessage(first))).toBe('MessageLockLost');
    await delay(450);
    await expectEmpty(receiver);
  });

  it('renews locks, so that the message stays with its receiver', async () => {
    let skew = 0;
    const { bus, client } = await startNamespace([{ name: 'q', lockDurationMs: 60_000 }], {
      now: () => Date.now() + skew,
    });
    const sb = client('admin', { tokenOf: () => `admin|${Date.now() + 86_400_000}` });
    await sb.createSender('q').sendMessages({ body: 'kept' });
    const receiver = sb.createReceiver('q', { maxAutoLockRenewalDurationInMs: 0 });
    const message = await receiveOne(receiver);
    for (let minute = 1; minute <= 3; minute++) {
      skew += 50_000;
      const until = await receiver.renewMessageLock(message);
      expect(until.getTime()).toBeGreaterThan(Date.now() + skew + 50_000);
    }
    await receiver.completeMessage(message);
    expect(bus.queues()[0]).toMatchObject({ active: 0 });
    skew += 61_000;
    expect(await refusalCode(receiver.renewMessageLock(message))).toBe('MessageLockLost');
  });

  it('works after the link that received has been replaced', async () => {
    const { bus, client } = await startNamespace([{ name: 'q' }, { name: 'other' }]);
    const sb = client();
    await sb.createSender('q').sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }]);
    const receiver = sb.createReceiver('q');
    const messages = [];
    while (messages.length < 3)
      messages.push(...(await receiver.receiveMessages(3, { maxWaitTimeInMs: 3000 })));
    bus.dropConnections();
    const [a, b, c] = messages;
    if (a === undefined || b === undefined || c === undefined) throw new Error('three messages expected');
    await until(() => !Reflect.get(Reflect.get(receiver, '_context'), 'connection').isOpen());
    await receiver.completeMessage(a);
    await receiver.abandonMessage(b, { touched: true });
    await receiver.deadLetterMessage(c, { deadLetterReason: 'r', deadLetterErrorDescription: 'd' });
    expect(bus.queues()[0]).toMatchObject({ active: 1, deadLetter: 1 });
    const again = await receiveOne(receiver);
    expect(again).toMatchObject({ body: 2, deliveryCount: 1, applicationProperties: { touched: true } });
  });

  it('refuses to defer, naming the operation, and keeps the message', async () => {
    const { client } = await startNamespace([{ name: 'q', lockDurationMs: 500 }]);
    const sb = client();
    await sb.createSender('q').sendMessages({ body: 1 });
    const receiver = sb.createReceiver('q', { maxAutoLockRenewalDurationInMs: 0 });
    const message = await receiveOne(receiver);
    await expect(receiver.deferMessage(message)).rejects.toThrow(/'defer' is not supported/);
    expect((await receiveOne(receiver)).body).toBe(1);
  });

  it('refuses sessions and receiving by sequence number', async () => {
    const { client } = await startNamespace([{ name: 'q' }]);
    const sb = client();
    await expect(sb.acceptSession('q', 's')).rejects.toThrow();
    await sb.createSender('q').sendMessages({ body: 1 });
    const receiver = sb.createReceiver('q');
    const { sequenceNumber } = await receiveOne(receiver);
    if (sequenceNumber === undefined) throw new Error('a sequence number expected');
    await expect(receiver.receiveDeferredMessages(sequenceNumber)).rejects.toThrow(
      /'com.microsoft:receive-by-sequence-number' is not supported/,
    );
  });
});
