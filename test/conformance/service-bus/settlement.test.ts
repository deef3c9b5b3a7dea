import { expect } from 'vitest';
import { expectEmpty, receiveOne, refusalCode } from '../../local/service-bus/expectations.ts';
import { serviceBusSuite } from './service-bus-backend.ts';

const suite = serviceBusSuite();
const { conform } = suite;

conform(
  ['Complete, abandon or dead-letter', 'Receive'],
  'abandoning changes properties and counts the delivery',
  async () => {
    const { sb, q } = await suite.freshQueue();
    const sent = { body: 1, applicationProperties: { kept: 'yes', changed: 'old' } };
    await sb.createSender(q).sendMessages(sent);
    const receiver = sb.createReceiver(q);
    await receiver.abandonMessage(await receiveOne(receiver), { changed: 'new', added: 5 });
    const again = await receiveOne(receiver);
    expect(again.deliveryCount).toBe(1);
    expect(again.applicationProperties).toEqual({ kept: 'yes', changed: 'new', added: 5 });
  },
);

conform(
  ['Complete, abandon or dead-letter', 'Receive'],
  'dead-lettering keeps reason, description and properties',
  async () => {
    const { sb, q } = await suite.freshQueue();
    const sent = { body: 'bad', messageId: 'm', applicationProperties: { a: 1 } };
    await sb.createSender(q).sendMessages(sent);
    const receiver = sb.createReceiver(q);
    await receiver.deadLetterMessage(await receiveOne(receiver), {
      deadLetterReason: 'schema',
      deadLetterErrorDescription: 'field missing',
      custom: 'x',
    });
    await expectEmpty(receiver);
    const dead = sb.createReceiver(q, { subQueueType: 'deadLetter' });
    const message = await receiveOne(dead);
    expect(message).toMatchObject({
      body: 'bad',
      messageId: 'm',
      deadLetterReason: 'schema',
      deadLetterErrorDescription: 'field missing',
      applicationProperties: { a: 1, custom: 'x' },
    });
    await dead.completeMessage(message);
    await expectEmpty(dead);
  },
);

conform(
  ['Complete, abandon or dead-letter'],
  'a message that was delivered too often goes to the dead-letter queue',
  async () => {
    const { sb, q } = await suite.freshQueue({ maxDeliveryCount: 3 });
    await sb.createSender(q).sendMessages({ body: 'poison' });
    const receiver = sb.createReceiver(q);
    for (let count = 0; count < 3; count += 1) {
      const message = await receiveOne(receiver);
      expect(message.deliveryCount).toBe(count);
      await receiver.abandonMessage(message);
    }
    await expectEmpty(receiver);
    const dead = await receiveOne(sb.createReceiver(q, { subQueueType: 'deadLetter' }));
    expect(dead).toMatchObject({ body: 'poison', deadLetterReason: 'MaxDeliveryCountExceeded' });
  },
);

conform(
  ['Receive', 'Complete, abandon or dead-letter'],
  'what was not settled before its lock ended is delivered again, and the old lock is lost',
  async () => {
    const { sb, q } = await suite.freshQueue({ lockDurationMs: suite.shortLockMs });
    await sb.createSender(q).sendMessages({ body: 'slow' });
    const receiver = sb.createReceiver(q, { maxAutoLockRenewalDurationInMs: 0 });
    const first = await receiveOne(receiver);
    const second = await receiveOne(receiver);
    expect(second).toMatchObject({ body: 'slow', deliveryCount: 1 });
    await receiver.completeMessage(second);
    expect(await refusalCode(receiver.completeMessage(first))).toBe('MessageLockLost');
  },
);

conform(['Renew lock'], 'a lock that is renewed stays with its receiver', async () => {
  const { sb, q } = await suite.freshQueue({ lockDurationMs: suite.shortLockMs });
  await sb.createSender(q).sendMessages({ body: 'kept' });
  const receiver = sb.createReceiver(q, { maxAutoLockRenewalDurationInMs: 0 });
  const message = await receiveOne(receiver);
  const until = Date.now() + 2 * suite.shortLockMs;
  while (Date.now() < until) {
    const lockedUntil = await receiver.renewMessageLock(message);
    expect(lockedUntil.getTime()).toBeGreaterThan(Date.now());
    await new Promise((resolve) => setTimeout(resolve, suite.shortLockMs / 4));
  }
  await receiver.renewMessageLock(message);
  await receiver.completeMessage(message);
  await expectEmpty(receiver);
});

conform(
  ['Settle after the link has closed'],
  'a message is settled by its lock token when the link that received it has closed',
  async () => {
    const { sb, q } = await suite.freshQueue();
    await sb.createSender(q).sendMessages({ body: 1 });
    const receiver = sb.createReceiver(q);
    const message = await receiveOne(receiver);
    await receiver.close();
    const other = sb.createReceiver(q);
    // Without the link that received it, the client settles through the management node.
    await other.completeMessage(message);
    await expectEmpty(other);
  },
);
