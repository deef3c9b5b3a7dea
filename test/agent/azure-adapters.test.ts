import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { blobUpdateContainer } from '../../agent/azure/blob-update-container.ts';
import { keyVaultKeys } from '../../agent/azure/key-vault-keys.ts';
import { openServiceBus } from '../../agent/azure/service-bus-client.ts';
import { serviceBusInbox } from '../../agent/azure/service-bus-inbox.ts';
import { serviceBusOutbox } from '../../agent/azure/service-bus-outbox.ts';
import { systemClock } from '../../agent/clock.ts';
import { jwkThumbprint, signedDigest, verifySignature } from '../../shared/sealing/signature.ts';
import { type AgentCloud, SILO, startAgentCloud } from './support/agent-cloud.ts';
import { eventually } from './support/eventually.ts';

let cloud: AgentCloud;
beforeAll(async () => {
  cloud = await startAgentCloud();
});
afterAll(() => cloud.close());

const quiet = (): void => undefined;
const never = new AbortController().signal;
const bus = (identity: string) =>
  openServiceBus(
    { serviceBus: { namespace: cloud.bus().endpoint, webSocket: false } },
    cloud.credential(identity),
    2_000,
  );
function inbox(identity = 'agent') {
  return serviceBusInbox({
    open: () => bus(identity),
    queue: `silo-${SILO}`,
    log: quiet,
    clock: systemClock,
  });
}

async function fileOf(bytes: Buffer): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-upload-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'sealed');
  await writeFile(path, bytes);
  return path;
}

test('a message whose handling fails comes again under its lock and is settled once handled', async () => {
  const stop = new AbortController();
  const seen: unknown[] = [];
  await cloud.send({ n: 1 });
  await cloud.send({ n: 2 });
  const receiving = inbox().receive(async (body) => {
    seen.push(body);
    if (seen.length < 3) throw new Error('disk full');
  }, stop.signal);
  await eventually(() => seen.length === 4, 'both messages');
  expect(seen).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }, { n: 2 }]);
  const waiting = () =>
    cloud
      .bus()
      .queues()
      .find(({ name }) => name === `silo-${SILO}`)?.active;
  await eventually(() => waiting() === 0, 'both settled');
  stop.abort();
  await receiving;
  expect(
    cloud
      .bus()
      .queues()
      .find(({ name }) => name === `silo-${SILO}`)?.deadLetter,
  ).toBe(0);
});

test('bodies that are not JSON arrive as they are and disturb nothing', async () => {
  const stop = new AbortController();
  const seen: unknown[] = [];
  await cloud.send(Buffer.from([0, 1, 2]));
  await cloud.send({ last: true });
  const receiving = inbox().receive(async (body) => void seen.push(body), stop.signal);
  await eventually(() => seen.length === 2, 'both messages');
  expect(Buffer.isBuffer(seen[0])).toBe(true);
  stop.abort();
  await receiving;
});

test('another identity cannot read the queue, and the probe says so', async () => {
  await inbox().probe();
  await expect(inbox('stranger').probe()).rejects.toThrow();
});

test('sends go on after the connection was cut', async () => {
  const outbox = serviceBusOutbox(() => bus('agent'));
  await outbox.send('updates', { messageId: 'm1', body: { n: 1 } });
  cloud.bus().dropConnections();
  await eventually(async () => {
    try {
      await outbox.send('updates', { messageId: 'm2', body: { n: 2 }, timeToLiveMs: 60_000 });
      return true;
    } catch {
      return false;
    }
  }, 'a send after the cut');
  await outbox.close();
  await expect(outbox.send('updates', { messageId: 'm3', body: {} })).rejects.toThrow('closed');
  const bodies: unknown[] = [];
  await eventually(async () => {
    try {
      bodies.push(...(await cloud.take('updates')));
    } catch {
      // the test's own connection was cut as well
    }
    return bodies.length >= 2;
  }, 'both messages');
  expect(bodies).toEqual(expect.arrayContaining([{ n: 1 }, { n: 2 }]) as unknown);
});

test('a sealed update is created once, in blocks where it is large, and a second try finds it there', async () => {
  const container = blobUpdateContainer(cloud.account, SILO, cloud.credential('agent'));
  const large = Buffer.alloc(20 * 2 ** 20, 'sealed');
  for (const [path, bytes] of [
    ['exp/r1/a1/small', Buffer.from('small')],
    ['exp/r1/a1/large', large],
  ] as const) {
    const file = await fileOf(bytes);
    expect(await container.create(path, file, never)).toBe('created');
    expect(await container.create(path, await fileOf(Buffer.from('something else')), never)).toBe('exists');
    const stored = await cloud.containerClient().getBlobClient(path).downloadToBuffer();
    expect(stored.equals(bytes)).toBe(true);
  }
});

test('an upload whose answer was lost ends as done', async () => {
  const container = blobUpdateContainer(cloud.account, SILO, cloud.credential('agent'));
  cloud.faults.set([{ service: 'blob', operation: 'Put Blob', kind: 'lost-answer', times: 1 }]);
  const made = await container.create('exp/r1/a1/lost', await fileOf(Buffer.from('x')), never);
  expect(made).toBe('exists');
});

test('an identity without the right uploads nothing', async () => {
  const container = blobUpdateContainer(cloud.account, SILO, cloud.credential('stranger'));
  await expect(
    container.create('exp/r1/a1/foreign', await fileOf(Buffer.from('x')), never),
  ).rejects.toThrow();
  await blobUpdateContainer(cloud.account, SILO, cloud.credential('agent')).probe();
});

test('keys come with their thumbprints, and many first signatures at once all verify', async () => {
  const config = { kek: cloud.kek.kid, sig: cloud.sig.kid, verifyChallenge: false };
  const keys = keyVaultKeys(config, cloud.credential('agent'), systemClock);
  const bodies = Array.from({ length: 8 }, (_, n) => ({ n }));
  const label = 'tributary/reply/1' as const;
  const signatures = await Promise.all(bodies.map((body) => keys.sign(signedDigest(label, body))));
  const { jwk, jkt, kid } = await keys.sig();
  expect([kid, jkt]).toEqual([cloud.sig.kid, jwkThumbprint(jwk)]);
  for (const [index, body] of bodies.entries()) {
    const text = Buffer.from(signatures[index] ?? []).toString('base64url');
    expect(verifySignature(label, body, text, jwk)).toBe(true);
  }
  const kek = await keys.kek();
  expect(kek.jkt).toBe(jwkThumbprint(kek.jwk));
  expect(Buffer.from(kek.jwk.n, 'base64url')).toHaveLength(384);
});

test('a key that cannot be read fails that time only', async () => {
  const config = { kek: cloud.kek.kid, sig: cloud.sig.kid, verifyChallenge: false };
  await expect(keyVaultKeys(config, cloud.credential('stranger'), systemClock).kek()).rejects.toThrow();
  const keys = keyVaultKeys(config, cloud.credential('agent'), systemClock);
  cloud.faults.set([{ service: 'keyvault', operation: '*', kind: 'status', status: 403, times: 1 }]);
  await expect(keys.kek()).rejects.toThrow();
  expect((await keys.kek()).kid).toBe(cloud.kek.kid);
});
