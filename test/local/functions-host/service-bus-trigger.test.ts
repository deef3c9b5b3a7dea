import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../local/durable/clock.ts';
import type { RegisteredFunction } from '../../../local/functions-host/core-api.ts';
import type { Invocation } from '../../../local/functions-host/invocation.ts';
import { openQueueReceiver } from '../../../local/functions-host/service-bus-connection.ts';
import { bodyData, triggerMetadata } from '../../../local/functions-host/service-bus-message.ts';
import { startServiceBusTriggers } from '../../../local/functions-host/service-bus-trigger.ts';
import { atEnd, connect, freshDirectory, startNamespace } from '../service-bus/namespace.ts';

const queue = (name: string, maxDeliveryCount = 10) => ({ name, maxDeliveryCount, lockDurationMs: 20_000 });

const fn = (options: Record<string, unknown> = {}): RegisteredFunction => ({
  metadata: {
    name: 'onUpdate',
    bindings: {
      update: {
        type: 'serviceBusTrigger',
        direction: 'in',
        queueName: '%QUEUE%',
        connection: 'Updates',
        ...options,
      },
    },
  },
  callback: () => undefined,
});

interface TriggerOptions {
  readonly endpoint: () => string;
  readonly handle: (body: string, invocation: Invocation) => unknown;
  readonly maxConcurrentCalls?: number;
  readonly autoCompleteMessages?: boolean;
  readonly log?: (message: string) => void;
}

async function startTrigger(options: TriggerOptions) {
  const triggers = await startServiceBusTriggers({
    functions: [fn()],
    settings: { QUEUE: 'q' },
    hostJson: {
      maxConcurrentCalls: options.maxConcurrentCalls ?? 8,
      autoCompleteMessages: options.autoCompleteMessages ?? true,
      maxAutoLockRenewalMilliseconds: 60_000,
    },
    clock: systemClock,
    random: () => 0.5,
    log: (_level, _category, message) => options.log?.(message),
    connect: async (_connection, entity) =>
      openQueueReceiver(() => connect(options.endpoint()), entity, systemClock),
    async invoke(_fn, invocation) {
      let error: unknown;
      try {
        // The official sender encodes every body as JSON.
        const body: unknown = JSON.parse(invocation.inputData[0]?.data?.string ?? '');
        await options.handle(String(body), invocation);
      } catch (thrown) {
        error = thrown;
      }
      return { context: {}, error, response: async () => null };
    },
  });
  atEnd(() => triggers.close(1_000));
  return triggers;
}

async function until(what: string, probe: () => boolean): Promise<void> {
  const end = Date.now() + 45_000;
  while (!probe()) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const send = async (endpoint: string, bodies: readonly string[]): Promise<void> => {
  const client = connect(endpoint);
  const sender = client.createSender('q');
  await sender.sendMessages(bodies.map((body) => ({ body, messageId: `id-${body}` })));
  await client.close();
};

describe('a Service Bus trigger', () => {
  it('completes a message when the function returns, and abandons it when it throws', async () => {
    const { bus } = await startNamespace([queue('q', 3)]);
    const deliveries: [string, unknown][] = [];
    await startTrigger({
      endpoint: () => bus.endpoint,
      handle: (body, { triggerMetadata: metadata }) => {
        deliveries.push([body, metadata?.['DeliveryCount']?.int]);
        if (body === 'bad') throw new Error('never');
      },
    });
    await send(bus.endpoint, ['good', 'bad']);
    await until(
      'the bad one is dead',
      () => bus.queues()[0]?.deadLetter === 1 && bus.queues()[0]?.active === 0,
    );
    expect(deliveries.filter(([body]) => body === 'good')).toEqual([['good', 1]]);
    expect(deliveries.filter(([body]) => body === 'bad').map(([, count]) => count)).toEqual([1, 2, 3]);
  });

  it('loses no message when outcomes differ at the same moment', async () => {
    const { bus } = await startNamespace([queue('q')]);
    const seen = new Map<string, number>();
    await startTrigger({
      endpoint: () => bus.endpoint,
      maxConcurrentCalls: 16,
      handle: (body) => {
        const times = (seen.get(body) ?? 0) + 1;
        seen.set(body, times);
        if (Number(body) % 2 === 1 && times === 1) throw new Error('once');
      },
    });
    const bodies = Array.from({ length: 60 }, (_, index) => String(index));
    await send(bus.endpoint, bodies);
    await until('the queue is empty', () => seen.size === 60 && bus.queues()[0]?.active === 0);
    expect(bus.queues()[0]?.deadLetter).toBe(0);
    for (const body of bodies) expect([body, seen.get(body)]).toEqual([body, 1 + (Number(body) % 2)]);
  });

  it('runs no more functions at once than host.json allows', async () => {
    const { bus } = await startNamespace([queue('q')]);
    let running = 0;
    let most = 0;
    let done = 0;
    await startTrigger({
      endpoint: () => bus.endpoint,
      maxConcurrentCalls: 3,
      handle: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 20));
        running--;
        done++;
      },
    });
    await send(
      bus.endpoint,
      Array.from({ length: 20 }, (_, index) => String(index)),
    );
    await until('all are handled', () => done === 20);
    expect(most).toBe(3);
  });

  it('starts before its broker and goes on when that has been away', async () => {
    const dataDir = await freshDirectory();
    const first = await startNamespace([queue('q')], { dataDir });
    const { port, endpoint } = first.bus;
    await first.bus.close();

    const seen: string[] = [];
    await startTrigger({ endpoint: () => endpoint, handle: (body) => seen.push(body) });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const second = await startNamespace([queue('q')], { dataDir, port });
    await send(endpoint, ['first']);
    await until('the first has come', () => seen.includes('first'));
    await until('it is completed', () => second.bus.queues()[0]?.active === 0);
    await second.bus.close();

    await new Promise((resolve) => setTimeout(resolve, 200));
    const third = await startNamespace([queue('q')], { dataDir, port });
    await send(endpoint, ['second']);
    await until('the second has come', () => seen.includes('second'));
    await until('it is completed', () => third.bus.queues()[0]?.active === 0);
    expect(seen).toEqual(['first', 'second']);
  }, 60_000);

  it('gets every message handled when connections are cut while functions run', async () => {
    const { bus } = await startNamespace([{ name: 'q', maxDeliveryCount: 50, lockDurationMs: 1_000 }]);
    const handled = new Set<string>();
    await startTrigger({
      endpoint: () => bus.endpoint,
      handle: async (body) => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        handled.add(body);
      },
    });
    const bodies = Array.from({ length: 30 }, (_, index) => `cut ${index}`);
    await send(bus.endpoint, bodies);
    for (let cut = 0; cut < 3; cut++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      bus.dropConnections();
    }
    await until('all are handled and settled', () => handled.size === 30 && bus.queues()[0]?.active === 0);
    expect(bus.queues()[0]?.deadLetter).toBe(0);
  }, 60_000);

  it('keeps the lock of a function that runs longer than it, so that nobody else gets the message', async () => {
    const { bus } = await startNamespace([{ name: 'q', maxDeliveryCount: 5, lockDurationMs: 1_000 }]);
    let deliveries = 0;
    await startTrigger({
      endpoint: () => bus.endpoint,
      handle: async () => {
        deliveries++;
        await new Promise((resolve) => setTimeout(resolve, 2_500));
      },
    });
    await send(bus.endpoint, ['long']);
    await until('it is completed', () => deliveries > 0 && bus.queues()[0]?.active === 0);
    expect(deliveries).toBe(1);
  });

  it('waits for a running function when it closes, and settles its message', async () => {
    const { bus } = await startNamespace([queue('q')]);
    let started = false;
    let finish: () => void = () => {};
    const triggers = await startTrigger({
      endpoint: () => bus.endpoint,
      handle: async () => {
        started = true;
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      },
    });
    await send(bus.endpoint, ['last']);
    await until('it runs', () => started);
    const closed = triggers.close(5_000);
    setTimeout(() => finish(), 50);
    await closed;
    expect(bus.queues()[0]?.active).toBe(0);
  });

  it('refuses bindings that it cannot honour', async () => {
    const start = (options: Record<string, unknown>, settings: Record<string, string> = { QUEUE: 'q' }) =>
      startServiceBusTriggers({
        functions: [fn(options)],
        settings,
        hostJson: { maxConcurrentCalls: 1, autoCompleteMessages: true, maxAutoLockRenewalMilliseconds: 1 },
        clock: systemClock,
        random: () => 0,
        log: () => {},
        connect: () => Promise.reject(new Error('not reached')),
        invoke: () => Promise.reject(new Error('not reached')),
      });
    await expect(start({ isSessionsEnabled: true })).rejects.toThrow(/sessions/);
    await expect(start({ cardinality: 'many' })).rejects.toThrow(/cardinality many/);
    await expect(start({}, {})).rejects.toThrow(/'QUEUE' that a binding names is not set/);
    await expect(start({ queueName: undefined })).rejects.toThrow(/neither a queue nor a subscription/);
  });
});

describe('a message', () => {
  it('reaches the function as text, or as bytes if it asks for binary', () => {
    expect(bodyData(Buffer.from('{"a":1}'), undefined)).toEqual({ string: '{"a":1}' });
    expect(bodyData('plain', undefined)).toEqual({ string: 'plain' });
    expect(bodyData({ a: 1 }, undefined)).toEqual({ json: '{"a":1}' });
    expect(bodyData(Buffer.from([0, 255]), 'binary')).toEqual({ bytes: Buffer.from([0, 255]) });
  });

  it('brings the metadata that Azure sends, leaving out what it does not carry', () => {
    const message = {
      body: '',
      messageId: 'exp-1.2.1.north',
      deliveryCount: 1,
      enqueuedTimeUtc: new Date(0),
      applicationProperties: { Tenant: 't' },
      subject: 'update',
    } as unknown as ServiceBusReceivedMessage;
    expect(triggerMetadata(message)).toEqual({
      MessageId: { string: 'exp-1.2.1.north' },
      DeliveryCount: { int: 2 },
      EnqueuedTimeUtc: { string: '1970-01-01T00:00:00.000Z' },
      Subject: { string: 'update' },
      Label: { string: 'update' },
      ApplicationProperties: { json: '{"Tenant":"t"}' },
      UserProperties: { json: '{"Tenant":"t"}' },
    });
  });
});
