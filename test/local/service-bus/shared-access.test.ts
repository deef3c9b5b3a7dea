import { createHmac } from 'node:crypto';
import { ServiceBusClient } from '@azure/service-bus';
import { describe, expect, it } from 'vitest';
import { createSharedAccess, type SharedAccessRule } from '../../../local/service-bus/shared-access.ts';
import { refusalCode, takeAll, until } from './expectations.ts';
import { atEnd, startNamespace } from './namespace.ts';

const rules: SharedAccessRule[] = [
  { name: 'root', rights: ['manage'], key: 'root-key' },
  { name: 'sender', rights: ['send'], key: 'sender-key', queue: 'updates' },
  { name: 'silo-a', rights: ['listen'], key: 'silo-key', queue: 'silo-a' },
  // One key on two queues: what a connection string of the namespace can carry.
  { name: 'silo-a', rights: ['send'], key: 'silo-key', queue: 'updates' },
];

async function namespaceWithRules() {
  const { bus, client } = await startNamespace(
    [{ name: 'updates' }, { name: 'silo-a' }, { name: 'silo-b' }],
    {
      sharedAccessRules: rules,
    },
  );
  const address = `sb://${bus.endpoint}/`;
  const connect = (credentials: string) => {
    const sb = new ServiceBusClient(`Endpoint=${address};${credentials}`, {
      retryOptions: { maxRetries: 0, timeoutInMs: 5000 },
    });
    atEnd(() => sb.close());
    return sb;
  };
  const withKey = (name: string, key: string) =>
    connect(`SharedAccessKeyName=${name};SharedAccessKey=${key}`);
  return { bus, client, address, connect, withKey };
}

/** A token as a hub would mint it for a client that must not have the key. */
function mint(resource: string, { name, key }: { name: string; key: string }, expiry: number): string {
  const encoded = encodeURIComponent(resource);
  const signature = createHmac('sha256', key).update(`${encoded}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${encoded}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${name}`;
}
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

const receive = (sb: ServiceBusClient, queue: string) =>
  sb.createReceiver(queue).receiveMessages(1, { maxWaitTimeInMs: 200 });

describe('a connection string', () => {
  it("does what its rule's rights allow on the rule's queue, and nothing else", async () => {
    const { withKey } = await namespaceWithRules();
    const sender = withKey('sender', 'sender-key');
    await sender.createSender('updates').sendMessages({ body: 1 });
    const refused = {
      'listen where it may send': refusalCode(receive(sender, 'updates')),
      'peek where it may send': refusalCode(sender.createReceiver('updates').peekMessages(1)),
      'send elsewhere': refusalCode(sender.createSender('silo-a').sendMessages({ body: 1 })),
    };
    for (const [what, code] of Object.entries(refused)) {
      expect([what, await code]).toEqual([what, 'UnauthorizedAccess']);
    }
    const root = withKey('root', 'root-key');
    expect(await takeAll(root, 'updates', 1)).toEqual([1]);
    await root.createSender('silo-b').sendMessages({ body: 2 });
  });

  it('carries different rights on different queues where the rules there share name and key', async () => {
    const { client, withKey } = await namespaceWithRules();
    await client().createSender('silo-a').sendMessages({ body: 'plan' });
    const silo = withKey('silo-a', 'silo-key');
    const [plan] = await silo.createReceiver('silo-a').receiveMessages(1);
    expect(plan?.body).toBe('plan');
    await silo.createSender('updates').sendMessages({ body: 'reply' });
    const attempts = [
      silo.createSender('silo-a').sendMessages({ body: 1 }),
      receive(silo, 'updates'),
      receive(silo, 'silo-b'),
    ].map(refusalCode);
    expect(await Promise.all(attempts)).toEqual(attempts.map(() => 'UnauthorizedAccess'));
  });

  it('with a wrong key or an unknown rule is refused', async () => {
    const { withKey } = await namespaceWithRules();
    for (const sb of [withKey('root', 'another-key'), withKey('nobody', 'root-key')]) {
      expect(await refusalCode(sb.createSender('updates').sendMessages({ body: 1 }))).toBe(
        'UnauthorizedAccess',
      );
    }
  });

  it('may hold a token that somebody else signed, for its resource and until it expires', async () => {
    const { address, connect } = await namespaceWithRules();
    const rule = { name: 'sender', key: 'sender-key' };
    const holding = (token: string) => connect(`SharedAccessSignature=${token}`).createSender('updates');
    await holding(mint(`${address}updates`, rule, inSeconds(60))).sendMessages({ body: 1 });
    const elsewhere = mint(`${address}silo-a`, rule, inSeconds(60));
    const expired = mint(`${address}updates`, rule, inSeconds(-1));
    const prolonged = mint(`${address}updates`, rule, inSeconds(-1)).replace(/se=\d+/, `se=${inSeconds(60)}`);
    for (const token of [elsewhere, expired, prolonged, 'SharedAccessSignature sr=%&sig=%&se=1&skn=%']) {
      expect(await refusalCode(holding(token).sendMessages({ body: 1 }))).toBe('UnauthorizedAccess');
    }
  });

  it('loses its links when its token expires', async () => {
    const { address, connect } = await namespaceWithRules();
    const token = mint(address, { name: 'root', key: 'root-key' }, inSeconds(2));
    const errors: unknown[] = [];
    connect(`SharedAccessSignature=${token}`)
      .createReceiver('updates')
      .subscribe({
        processMessage: async () => undefined,
        processError: async ({ error }) => void errors.push('code' in error ? error.code : error.name),
      });
    await until(() => errors.includes('UnauthorizedAccess'));
  });
});

describe('shared access rules', () => {
  const named = (count: number, queue?: string): SharedAccessRule[] =>
    Array.from({ length: count }, (_, index) => ({
      name: `rule-${index}`,
      rights: ['send'],
      key: 'k',
      ...(queue === undefined ? {} : { queue }),
    }));

  it('are at most twelve on the namespace and on each queue', () => {
    expect(() => createSharedAccess([...named(12), ...named(12, 'q')], Date.now)).not.toThrow();
    expect(() => createSharedAccess(named(13), Date.now)).toThrow(/the namespace has more than 12/);
    expect(() => createSharedAccess(named(13, 'q'), Date.now)).toThrow(/queue 'q' has more than 12/);
  });

  it('need a name of their own, a key and a right', () => {
    const rule: SharedAccessRule = { name: 'a', rights: ['send'], key: 'k' };
    for (const wrong of [
      [rule, rule],
      [{ ...rule, name: 'a b' }],
      [{ ...rule, key: '' }],
      [{ ...rule, rights: [] }],
    ]) {
      expect(() => createSharedAccess(wrong, Date.now)).toThrow(RangeError);
    }
  });
});
