/** What the embedded cloud does not do it refuses by name: 501 over HTTP, not-implemented over AMQP. */
import { expect, it } from 'vitest';
import { blobSuite } from './blob/blob-backend.ts';
import { UNSUPPORTED_BLOB } from './blob/unsupported-calls.ts';
import { backendName } from './conform.ts';
import { cosmosSuite } from './cosmos/cosmos-backend.ts';
import { UNSUPPORTED_COSMOS } from './cosmos/unsupported-calls.ts';
import { keyVaultSuite } from './key-vault/key-vault-backend.ts';
import { UNSUPPORTED_KEY_VAULT } from './key-vault/unsupported-calls.ts';
import { serviceBusSuite } from './service-bus/service-bus-backend.ts';
import { UNSUPPORTED_SERVICE_BUS } from './service-bus/unsupported-calls.ts';

/** `refused by name`, or what came instead. */
async function outcomeOf(work: Promise<unknown>, named: RegExp): Promise<string> {
  const error: unknown = await work.then(
    () => new Error('it was done'),
    (reason: unknown) => reason,
  );
  const { statusCode, code, message } = error as { statusCode?: unknown; code?: unknown; message?: string };
  const isRefused = [statusCode, code].includes(501) && named.test(message ?? '');
  return isRefused ? 'refused by name' : `${String(statusCode ?? code)} ${message ?? String(error)}`;
}

function literally(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i');
}

if (backendName() !== 'embedded') {
  it.skip(`asks the embedded cloud only, not ${backendName()}`, () => undefined);
} else {
  const blobs = blobSuite();
  const cosmos = cosmosSuite();
  const vault = keyVaultSuite();
  const bus = serviceBusSuite();

  it.each(UNSUPPORTED_BLOB)('Blob: %s', async (name, call) => {
    const box = await blobs.freshContainer();
    const blob = box.getBlockBlobClient('x');
    await blob.upload('x', 1);
    const clients = {
      service: blobs.service(),
      box,
      blob,
      credential: blobs.current().credential,
      async raw(method: string, path: string, headers: Record<string, string> = {}) {
        const { status, body } = await blobs.raw(method, `/${box.containerName}${path}`, headers);
        if (status >= 400) throw Object.assign(new Error(body), { statusCode: status });
      },
    };
    expect(await outcomeOf(call(clients), literally(name))).toBe('refused by name');
    expect((await blob.downloadToBuffer()).toString()).toBe('x');
  });

  it.each(UNSUPPORTED_COSMOS)('Cosmos DB: %s', async (_name, word, call) => {
    const container = await cosmos.container('asked');
    await container.items.upsert({ id: 'seed', pk: 'p', n: 1 });
    const asked = call({ client: cosmos.client(), container });
    expect(await outcomeOf(asked, literally(word))).toBe('refused by name');
  });

  it.each(UNSUPPORTED_KEY_VAULT)('Key Vault: %s', async (name, call) => {
    await vault.keys().createEcKey('kek');
    expect(await outcomeOf(call(vault.keys()), literally(name))).toBe('refused by name');
  });

  it.each(UNSUPPORTED_SERVICE_BUS)('Service Bus: %s', async (_name, named, call) => {
    const { sb, q } = await bus.freshQueue();
    await expect(call(sb, q)).rejects.toThrow(named);
  });
}
