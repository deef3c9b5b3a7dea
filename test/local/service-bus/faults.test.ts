import { describe, expect, it } from 'vitest';
import { createFaultPlan } from '../../../local/core/faults.ts';
import { rejectingStale } from '../../../local/core/stale-token.ts';
import { receiveOne, refusalCode, takeAll, until } from './expectations.ts';
import { startNamespace, verifierOf } from './namespace.ts';

async function namespaceWithFaults(queue: object = {}) {
  const faults = createFaultPlan();
  const namespace = await startNamespace([{ name: 'q', ...queue }], {
    faults,
    verify: rejectingStale(verifierOf(Date.now)),
  });
  const plan = (operation: string, kind: 'duplicate' | 'reorder' | 'lock-lost' | 'stale-token', more = {}) =>
    faults.set([{ service: 'servicebus', operation, kind, times: 1, ...more }]);
  return { ...namespace, faults, plan, sb: namespace.client() };
}

describe('faults of a broker, as its client sees them', () => {
  it('a lock that is lost before the message is settled: refused as lost, delivered again, counted', async () => {
    const { sb, plan } = await namespaceWithFaults();
    await sb.createSender('q').sendMessages({ body: 'once more' });
    const receiver = sb.createReceiver('q');
    const first = await receiveOne(receiver);
    plan('settle q', 'lock-lost');
    expect(await refusalCode(receiver.completeMessage(first))).toBe('MessageLockLost');
    const second = await receiveOne(receiver);
    expect(second).toMatchObject({ body: 'once more', deliveryCount: 1 });
    await receiver.completeMessage(second);
  });

  it('a lock that is lost as soon as it is given: two receivers hold the message, one may settle it', async () => {
    const { bus, sb, plan } = await namespaceWithFaults();
    plan('deliver q', 'lock-lost');
    await sb.createSender('q').sendMessages({ body: 'held twice' });
    const [a, b] = [sb.createReceiver('q'), sb.createReceiver('q')];
    const [first, second] = [await receiveOne(a), await receiveOne(b)];
    expect(second.sequenceNumber).toEqual(first.sequenceNumber);
    expect(await refusalCode(a.completeMessage(first))).toBe('MessageLockLost');
    await b.completeMessage(second);
    expect(bus.queues()[0]).toMatchObject({ active: 0 });
  });

  it('a lock that is lost when it is to be renewed', async () => {
    const { sb, plan } = await namespaceWithFaults();
    await sb.createSender('q').sendMessages({ body: 1 });
    const receiver = sb.createReceiver('q', { maxAutoLockRenewalDurationInMs: 0 });
    const message = await receiveOne(receiver);
    plan('renew-lock q', 'lock-lost');
    expect(await refusalCode(receiver.renewMessageLock(message))).toBe('MessageLockLost');
    expect((await receiveOne(receiver)).deliveryCount).toBe(1);
  });

  it('a message that is stored twice, as by a sender that repeated itself', async () => {
    const { sb, plan } = await namespaceWithFaults();
    plan('send q', 'duplicate');
    await sb.createSender('q').sendMessages({ body: 'twin', messageId: 'same' });
    const receiver = sb.createReceiver('q');
    const twins = [await receiveOne(receiver), await receiveOne(receiver)];
    expect(twins.map(({ messageId }) => messageId)).toEqual(['same', 'same']);
    expect(twins[0]?.sequenceNumber).not.toEqual(twins[1]?.sequenceNumber);
  });

  it('or once, where the queue detects duplicates', async () => {
    const { sb, plan } = await namespaceWithFaults({ duplicateDetectionWindowMs: 60_000 });
    plan('send q', 'duplicate');
    const sender = sb.createSender('q');
    await sender.sendMessages({ body: 'single', messageId: 'same' });
    await sender.sendMessages({ body: 'other', messageId: 'another' });
    expect(await takeAll(sb, 'q', 2)).toEqual(['single', 'other']);
  });

  it('a message that later ones overtake', async () => {
    const { sb, plan } = await namespaceWithFaults();
    await sb.createSender('q').sendMessages([{ body: 'first' }, { body: 'second' }, { body: 'third' }]);
    plan('deliver q', 'reorder', { delayMs: 300 });
    expect(await takeAll(sb, 'q', 3)).toEqual(['second', 'third', 'first']);
  });

  it('a token that has expired: refused, and accepted when the client tries again with a fresh one', async () => {
    const { client, plan } = await namespaceWithFaults();
    plan('put-token q', 'stale-token');
    const sender = client().createSender('q');
    const refusal = await sender.sendMessages({ body: 1 }).catch((error: unknown) => String(error));
    expect(refusal).toContain('The token was rejected: expired.');
    await sender.sendMessages({ body: 2 });
    expect(await takeAll(client(), 'q', 1)).toEqual([2]);
  });

  it('a connection that is cut before a message is stored, which the client sends again', async () => {
    const { client, faults } = await namespaceWithFaults();
    faults.set([{ service: 'servicebus', operation: 'send q', kind: 'reset', times: 1 }]);
    const patient = client('admin', {
      retryOptions: { maxRetries: 3, timeoutInMs: 1000, retryDelayInMs: 20, maxRetryDelayInMs: 50 },
    });
    await patient.createSender('q').sendMessages({ body: 'again' });
    expect(await takeAll(client(), 'q', 2)).toEqual(['again']);
  });
});

describe('the clock of a broker', () => {
  it('is moved on by tests: locks end, messages expire and become due, while tokens stay valid', async () => {
    const { bus, sb, faults } = await namespaceWithFaults({ lockDurationMs: 300_000 });
    const sender = sb.createSender('q');
    await sender.sendMessages([{ body: 'locked' }, { body: 'brief', timeToLive: 3_000_000 }]);
    await sender.scheduleMessages({ body: 'later' }, new Date(Date.now() + 3_600_000));
    const receiver = sb.createReceiver('q', { maxAutoLockRenewalDurationInMs: 0 });
    const locked = await receiveOne(receiver);
    faults.advanceClock(4_000_000);
    await until(() => bus.queues()[0]?.active === 2 && bus.queues()[0]?.scheduled === 0);
    expect(await refusalCode(receiver.completeMessage(locked))).toBe('MessageLockLost');
    expect(await takeAll(sb, 'q', 2)).toEqual(['locked', 'later']);
  });
});
