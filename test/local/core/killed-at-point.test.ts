import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CosmosClient } from '@azure/cosmos';
import { KeyClient } from '@azure/keyvault-keys';
import { ServiceBusClient } from '@azure/service-bus';
import { BlobServiceClient } from '@azure/storage-blob';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FaultRule } from '../../../local/core/fault-rule.ts';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import type { ServiceArguments } from '../../campaign/service-process.ts';
import { anyCredential } from '../../campaign/workload.ts';
import { trustLocalCa } from '../trust.ts';
import { bundleEntry, startChild } from './child-process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** A service's way to write an item, and to say which items it has, by its official client. */
interface Store {
  write(item: string): Promise<unknown>;
  has(item: string): Promise<boolean>;
}

const text = 'x'.repeat(2000);

function blobs(port: number): Store {
  const service = new BlobServiceClient(`https://127.0.0.1:${port}/campaign`, anyCredential, {
    retryOptions: { maxTries: 1 },
  });
  const blob = (item: string) => service.getContainerClient('box').getBlockBlobClient(item);
  return { write: (item) => blob(item).upload(text, text.length), has: (item) => blob(item).exists() };
}

function items(port: number): Store {
  const client = new CosmosClient({
    endpoint: `https://127.0.0.1:${port}`,
    aadCredentials: anyCredential,
    connectionPolicy: { retryOptions: { maxRetryAttemptCount: 0 } },
  });
  onTestFinished(() => client.dispose());
  const container = client.database('campaign').container('items');
  return {
    write: (id) => container.items.create({ id, pk: 'p', text }),
    has: async (id) => (await container.item(id, 'p').read()).statusCode === 200,
  };
}

function messages(port: number): Store {
  const client = new ServiceBusClient(`localhost:${port}`, anyCredential, {
    retryOptions: { maxRetries: 0, timeoutInMs: 1000 },
  });
  const seen = new Set<unknown>();
  // Bounded: the client's close never settles when its connection is lost in the middle of it.
  onTestFinished(() => Promise.race([client.close(), sleep(500)]));
  return {
    write: (messageId) => client.createSender('q').sendMessages({ messageId, body: text }),
    async has(item) {
      // Each peek goes on where the client's last one ended.
      for (const { messageId } of await client.createReceiver('q').peekMessages(50)) seen.add(messageId);
      return seen.has(item);
    },
  };
}

function keys(port: number): Store {
  const client = new KeyClient(`https://127.0.0.1:${port}`, anyCredential, {
    disableChallengeResourceVerification: true,
    retryOptions: { maxRetries: 0 },
  });
  return {
    write: (item) => client.createEcKey(item),
    has: (item) =>
      client.getKey(item).then(
        () => true,
        (error: { statusCode?: number }) => {
          if (error.statusCode !== 404) throw error;
          return false;
        },
      ),
  };
}

async function start(options: ServiceArguments): Promise<{ port: number; gone: Promise<unknown> }> {
  const entry = await bundleEntry('test/campaign/service-process.ts');
  const running = startChild(entry, [JSON.stringify(options)]);
  const gone = new Promise((resolve) => running.child.once('exit', (_code, signal) => resolve(signal)));
  const { port } = JSON.parse(await running.line()) as { port: number };
  return { port, gone };
}

const kill = (service: string, operation: string, more: Partial<FaultRule> = {}): FaultRule => ({
  service,
  operation,
  kind: 'kill',
  times: 1,
  ...more,
});
/** The points, and whether what was written there survives. The other points of the log: faults.test.ts. */
function points(service: string, operation: string, skip = 1): [rule: FaultRule, survives: boolean][] {
  return [
    [kill(service, operation, { skip }), false],
    [kill(service, operation, { skip, point: 'before-answer' }), true],
  ];
}
const logPoints = (service: string): [rule: FaultRule, survives: boolean][] => [
  [kill(service, 'log half-written', { skip: 1 }), false],
  [kill(service, 'log synced', { skip: 1 }), true],
];

const cases: {
  service: ServiceArguments['service'];
  open: (port: number) => Store;
  at: [rule: FaultRule, survives: boolean][];
}[] = [
  { service: 'blob', open: blobs, at: [...logPoints('blob'), ...points('blob', 'Put Blob')] },
  { service: 'cosmos', open: items, at: [...logPoints('cosmos'), ...points('cosmos', 'items/create')] },
  {
    service: 'service-bus',
    open: messages,
    at: [...logPoints('servicebus'), ...points('servicebus', 'send q')],
  },
  // The client's very first request only asks for the challenge.
  { service: 'key-vault', open: keys, at: points('keyvault', 'KeyCreate', 2) },
];

describe('a service that is killed at a named point', () => {
  it.each(cases)('keeps what it acknowledged and goes on: $service', async ({ service, open, at }) => {
    const dataDir = await temporaryDirectory();
    onTestFinished(trustLocalCa((await ensureTlsMaterial(join(dataDir, 'tls'))).caPem));
    const expected: [item: string, there: boolean][] = [];
    let port = 0;
    for (const [index, [rule, survives]] of at.entries()) {
      const doomed = await start({ service, dataDir, port, faults: [rule] });
      port = doomed.port;
      const store = open(port);
      await store.write(`answered-${index}`);
      await expect(store.write(`killed-${index}`)).rejects.toThrow();
      expect(await doomed.gone).toBe('SIGKILL');
      expected.push([`answered-${index}`, true], [`killed-${index}`, survives]);
    }
    await start({ service, dataDir, port });
    const store = open(port);
    const found: typeof expected = [];
    for (const [item] of expected) found.push([item, await store.has(item)]);
    expect(found).toEqual(expected);
    await store.write('last');
    expect(await store.has('last')).toBe(true);
  });
});
