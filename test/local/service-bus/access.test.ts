import type { ServiceBusClient } from '@azure/service-bus';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Grant } from '../../../shared/domain/access.ts';
import { receiveOne, refusalCode, until } from './expectations.ts';
import { type Namespace, startNamespace } from './namespace.ts';
import { putToken, rawConnection } from './raw-client.ts';

const siloGrants = (silo: string): Grant[] => [
  { action: 'servicebus/receive', scope: `servicebus/queues/silo-${silo}` },
  { action: 'servicebus/send', scope: 'servicebus/queues/updates' },
];

describe('access', () => {
  let namespace: Namespace;
  beforeEach(async () => {
    namespace = await startNamespace([{ name: 'silo-a' }, { name: 'silo-b' }, { name: 'updates' }]);
    namespace.grants['a'] = siloGrants('a');
    namespace.grants['b'] = siloGrants('b');
    namespace.grants['coordinator'] = [
      { action: 'servicebus/send', scope: 'servicebus/queues/silo-a' },
      { action: 'servicebus/send', scope: 'servicebus/queues/silo-b' },
      { action: 'servicebus/receive', scope: 'servicebus/queues/updates' },
    ];
  });

  it('lets plans and replies pass between the coordinator and its silos', async () => {
    const coordinator = namespace.client('coordinator');
    const silo = namespace.client('a');
    await coordinator.createSender('silo-a').sendMessages({ body: 'plan' });
    const receiver = silo.createReceiver('silo-a');
    const plan = await receiveOne(receiver);
    await receiver.renewMessageLock(plan);
    await receiver.completeMessage(plan);
    await silo.createSender('updates').sendMessages({ body: 'reply' });
    expect((await receiveOne(coordinator.createReceiver('updates'))).body).toBe('reply');
  });

  type Attempt = (client: ServiceBusClient, queue: string) => Promise<unknown>;
  const attempts: Record<string, Attempt> = {
    receive: (client, queue) => client.createReceiver(queue).receiveMessages(1, { maxWaitTimeInMs: 300 }),
    'receive and delete': (client, queue) =>
      client
        .createReceiver(queue, { receiveMode: 'receiveAndDelete' })
        .receiveMessages(1, { maxWaitTimeInMs: 300 }),
    'receive from the dead-letter queue': (client, queue) =>
      client
        .createReceiver(queue, { subQueueType: 'deadLetter' })
        .receiveMessages(1, { maxWaitTimeInMs: 300 }),
    peek: (client, queue) => client.createReceiver(queue).peekMessages(1),
    'peek the dead-letter queue': (client, queue) =>
      client.createReceiver(queue, { subQueueType: 'deadLetter' }).peekMessages(1),
    send: (client, queue) => client.createSender(queue).sendMessages({ body: 'x' }),
    schedule: (client, queue) =>
      client.createSender(queue).scheduleMessages({ body: 'x' }, new Date(Date.now() + 3_600_000)),
  };
  const forbidden: [string, string, string[]][] = [
    ['a', 'silo-b', Object.keys(attempts)],
    ['a', 'silo-a', ['send', 'schedule']],
    [
      'a',
      'updates',
      [
        'receive',
        'receive and delete',
        'receive from the dead-letter queue',
        'peek',
        'peek the dead-letter queue',
      ],
    ],
    [
      'coordinator',
      'silo-a',
      [
        'receive',
        'receive and delete',
        'receive from the dead-letter queue',
        'peek',
        'peek the dead-letter queue',
      ],
    ],
    ['coordinator', 'updates', ['send', 'schedule']],
    ['stranger', 'updates', Object.keys(attempts)],
    ['forged', 'updates', Object.keys(attempts)],
  ];
  for (const [identity, queue, names] of forbidden) {
    it(`keeps ${identity} from ${names.length === Object.keys(attempts).length ? 'everything' : names.join(', ')} on ${queue}`, async () => {
      await namespace.client().createSender('silo-b').sendMessages({ body: 'secret' });
      const client = namespace.client(identity);
      for (const name of names) {
        expect([name, await refusalCode(attempts[name]!(client, queue))]).toEqual([
          name,
          'UnauthorizedAccess',
        ]);
      }
      expect(namespace.bus.queues().map(({ active, scheduled }) => active + scheduled)).toEqual([0, 1, 0]);
    });
  }

  it("keeps a silo from renewing or settling another's message, even with its lock token", async () => {
    await namespace.client().createSender('silo-b').sendMessages({ body: 'secret' });
    const message = await receiveOne(namespace.client('b').createReceiver('silo-b'));
    const thief = namespace.client('a');
    expect(await refusalCode(thief.createReceiver('silo-b').renewMessageLock(message))).toBe(
      'UnauthorizedAccess',
    );
    // On its own queue the token means nothing.
    expect(await refusalCode(thief.createReceiver('silo-a').renewMessageLock(message))).toBe(
      'MessageLockLost',
    );
  });

  it('answers an identity without rights the same for unknown and for foreign queues', async () => {
    const client = namespace.client('a');
    const messageOf = (queue: string) =>
      client
        .createReceiver(queue)
        .receiveMessages(1, { maxWaitTimeInMs: 300 })
        .catch((error: unknown) => String(error).replaceAll(queue, '{queue}'));
    expect(await messageOf('silo-x')).toBe(await messageOf('silo-b'));
    expect(await refusalCode(namespace.client().createSender('silo-x').sendMessages({ body: 1 }))).toBe(
      'MessagingEntityNotFound',
    );
  });

  it('refuses an expired token and one that is none', async () => {
    for (const text of [`admin|${Date.now() - 1000}`, 'garbage']) {
      const client = namespace.client('admin', { tokenOf: () => text });
      expect(await refusalCode(client.createSender('updates').sendMessages({ body: 1 }))).toBe(
        'UnauthorizedAccess',
      );
    }
  });

  it('closes links when the token expires and was not renewed', async () => {
    const expiresAt = Date.now() + 1500;
    const client = namespace.client('admin', { tokenOf: () => `admin|${expiresAt}` });
    const errors: string[] = [];
    client.createReceiver('updates').subscribe({
      processMessage: async () => undefined,
      processError: async ({ error }) => void errors.push('code' in error ? String(error.code) : error.name),
    });
    const sender = client.createSender('updates');
    await sender.sendMessages({ body: 1 });
    await until(() => errors.includes('UnauthorizedAccess'));
    expect(await refusalCode(sender.sendMessages({ body: 2 }))).toBe('UnauthorizedAccess');
  });

  it('leaves links open when their token is renewed in time', async () => {
    const { port } = namespace.bus;
    const connection = await rawConnection(port);
    const soon = Date.now() + 1200;
    expect(await putToken(connection, port, 'updates', `admin|${soon}`)).toBe(202);
    const kept = connection.open_receiver({ source: 'updates', name: 'kept', credit_window: 0 });
    let closed = false;
    kept.on('receiver_error', () => undefined);
    kept.on('receiver_close', () => {
      closed = true;
    });
    expect(await putToken(connection, port, 'updates', `admin|${soon + 60_000}`)).toBe(202);
    await new Promise((resolve) => setTimeout(resolve, soon + 1500 - Date.now()));
    expect([closed, kept.is_open()]).toEqual([false, true]);
  });

  it('closes open links soon after a role is revoked, and only those that needed it', async () => {
    const client = namespace.client('a');
    const errors: string[] = [];
    const got: unknown[] = [];
    client.createReceiver('silo-a').subscribe({
      processMessage: async ({ body }) => void got.push(body),
      processError: async ({ error }) => void errors.push('code' in error ? String(error.code) : error.name),
    });
    const sender = client.createSender('updates');
    await sender.sendMessages({ body: 1 });
    namespace.grants['a'] = siloGrants('a').slice(1);
    await until(() => errors.includes('UnauthorizedAccess'));
    await namespace.client().createSender('silo-a').sendMessages({ body: 'plan' });
    await sender.sendMessages({ body: 2 });
    expect(got).toEqual([]);
    expect(await refusalCode(client.createReceiver('silo-a').peekMessages(1))).toBe('UnauthorizedAccess');
  });

  it('refuses shared access signatures, saying what is accepted instead', async () => {
    const { ServiceBusClient: Client } = await import('@azure/service-bus');
    const endpoint = `sb://${namespace.bus.endpoint}/`;
    const client = new Client(`Endpoint=${endpoint};SharedAccessKeyName=root;SharedAccessKey=c2VjcmV0`, {
      retryOptions: { maxRetries: 0, timeoutInMs: 5000 },
    });
    await expect(client.createSender('updates').sendMessages({ body: 1 })).rejects.toThrow(/type jwt/);
    await client.close();
  });
});
