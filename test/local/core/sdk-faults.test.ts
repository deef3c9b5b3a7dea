/** How the official HTTP clients take each fault, which is what a client of Azure has to reckon with. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CosmosClient } from '@azure/cosmos';
import { KeyClient } from '@azure/keyvault-keys';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { startBlob } from '../../../local/blob/blob-service.ts';
import type { FaultRule } from '../../../local/core/fault-rule.ts';
import { createFaultPlan } from '../../../local/core/faults.ts';
import { rejectingStale } from '../../../local/core/stale-token.ts';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import { startCosmos } from '../../../local/cosmos/start-cosmos.ts';
import { startIdentity } from '../../../local/identity/identity-service.ts';
import { startKeyVault } from '../../../local/key-vault/key-vault-service.ts';
import { anyCredential } from '../../campaign/workload.ts';
import { trustLocalCa } from '../trust.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const faults = createFaultPlan();
afterEach(() => faults.set([]));

async function common() {
  const dataDir = await temporaryDirectory();
  await mkdir(join(dataDir, 'tls'));
  const tls = await ensureTlsMaterial(join(dataDir, 'tls'));
  onTestFinished(trustLocalCa(tls.caPem));
  const verify = rejectingStale(async (token) => ({
    objectId: token,
    clientId: token,
    tenantId: 't',
    name: token,
    roles: [],
    expiresAt: Date.now() + 3_600_000,
  }));
  return { port: 0, dataDir, tls, faults, verify, authorize: () => true };
}

function plan(service: string, rule: Omit<FaultRule, 'service' | 'times'> & { times?: number }): void {
  faults.set([{ times: 1, ...rule, service }]);
}

/** The status that a request ended with, or its error's code. */
const outcome = (request: Promise<unknown>): Promise<unknown> =>
  request.then(
    () => 'done',
    (error: { statusCode?: number; code?: unknown }) => error.statusCode ?? error.code,
  );

describe('the blob client', () => {
  async function box(maxTries: number) {
    const blob = await startBlob({ ...(await common()), accounts: ['account'] });
    onTestFinished(() => blob.close());
    await blob.ensureContainer('account', 'box');
    const service = new BlobServiceClient(blob.accountUrl('account'), anyCredential, {
      retryOptions: { maxTries, retryDelayInMs: 5, maxRetryDelayInMs: 10 },
    });
    return service.getContainerClient('box').getBlockBlobClient('b');
  }

  it('tries again after 503 and after a connection that is cut, and gives up in the end', async () => {
    const blob = await box(3);
    plan('blob', { operation: 'Put Blob', kind: 'status', times: 2 });
    expect(await outcome(blob.upload('a', 1))).toBe('done');
    plan('blob', { operation: 'Put Blob', kind: 'reset', times: 2 });
    expect(await outcome(blob.upload('b', 1))).toBe('done');
    plan('blob', { operation: 'Put Blob', kind: 'status', times: 9 });
    expect(await outcome(blob.upload('c', 1))).toBe(503);
  });

  it('fails a download that is cut in the middle of the body, which the caller has to begin anew', async () => {
    const blob = await box(3);
    const content = Buffer.alloc(300_000, 'abcdefg');
    await blob.upload(content, content.length);
    plan('blob', { operation: 'Get Blob', kind: 'reset-mid-body' });
    await expect(blob.downloadToBuffer()).rejects.toMatchObject({ name: 'AbortError' });
    expect((await blob.downloadToBuffer()).equals(content)).toBe(true);
  });

  it('meets its own write when the answer to a create-only put was lost', async () => {
    const blob = await box(3);
    plan('blob', { operation: 'Put Blob', kind: 'lost-answer' });
    const put = blob.upload('a', 1, { conditions: { ifNoneMatch: '*' } });
    expect(await outcome(put)).toBe(409);
    expect((await blob.downloadToBuffer()).toString()).toBe('a');
  });

  it('is told 401 when its token has expired', async () => {
    const blob = await box(1);
    plan('blob', { operation: 'Put Blob', kind: 'stale-token', times: 9 });
    expect(await outcome(blob.upload('a', 1))).toBe(401);
  });
});

describe('the Cosmos DB client', () => {
  async function items(maxRetryAttemptCount: number) {
    const cosmos = await startCosmos(await common());
    onTestFinished(() => cosmos.close());
    await cosmos.ensureContainer({ database: 'db', name: 'items', partitionKeyPath: '/pk' });
    const client = new CosmosClient({
      endpoint: cosmos.endpoint,
      aadCredentials: anyCredential,
      connectionPolicy: {
        retryOptions: { maxRetryAttemptCount, fixedRetryIntervalInMilliseconds: 5, maxWaitTimeInSeconds: 5 },
      },
    });
    onTestFinished(() => client.dispose());
    return client.database('db').container('items').items;
  }

  it('waits as long as 429 says and tries again, or shows it where it may not', async () => {
    const patient = await items(3);
    plan('cosmos', {
      operation: 'items/create',
      kind: 'status',
      status: 429,
      retryAfter: 0.05,
      times: 2,
    });
    expect(await outcome(patient.create({ id: 'a', pk: 'p' }))).toBe('done');
    const hasty = await items(0);
    plan('cosmos', { operation: 'items/create', kind: 'status', status: 429, retryAfter: 0.05 });
    expect(await outcome(hasty.create({ id: 'a', pk: 'p' }))).toBe(429);
  });

  it('shows a create as failed whose answer was lost, though the item is there', async () => {
    const container = await items(0);
    plan('cosmos', { operation: 'items/create', kind: 'lost-answer', times: 9 });
    expect(await outcome(container.create({ id: 'a', pk: 'p' }))).not.toBe('done');
    faults.set([]);
    expect(await outcome(container.create({ id: 'a', pk: 'p' }))).toBe(409);
  });

  it('is told 401 when its token has expired', async () => {
    const container = await items(0);
    await container.create({ id: 'a', pk: 'p' });
    plan('cosmos', { operation: 'items/create', kind: 'stale-token', times: 9 });
    expect(await outcome(container.create({ id: 'b', pk: 'p' }))).toBe(401);
  });
});

describe('the Key Vault client', () => {
  async function keys() {
    const vault = await startKeyVault({
      ...(await common()),
      vault: 'v',
      authority: 'https://login.microsoftonline.com/t',
    });
    onTestFinished(() => vault.close());
    const client = new KeyClient(vault.endpoint, anyCredential, {
      disableChallengeResourceVerification: true,
      retryOptions: { maxRetries: 2, retryDelayInMs: 5, maxRetryDelayInMs: 10 },
    });
    await client.createEcKey('k');
    return client;
  }

  it('tries again after 429 that says when, and not after 429 that does not', async () => {
    const client = await keys();
    plan('keyvault', { operation: 'KeyGet', kind: 'status', status: 429, retryAfter: 0 });
    expect(await outcome(client.getKey('k'))).toBe('done');
    plan('keyvault', { operation: 'KeyGet', kind: 'status', status: 429 });
    expect(await outcome(client.getKey('k'))).toBe(429);
  });

  it('answers the challenge of an expired token with a fresh one by itself', async () => {
    const client = await keys();
    plan('keyvault', { operation: 'KeyGet', kind: 'stale-token' });
    expect(await outcome(client.getKey('k'))).toBe('done');
  });
});

describe('a workload', () => {
  it('that is given a stale token by the managed identity endpoint is rejected as expired', async () => {
    const { dataDir } = await common();
    const identity = await startIdentity({ port: 0, dataDir, faults });
    onTestFinished(() => identity.close());
    await identity.ensureIdentity({ name: 'one' });
    const { header } = await identity.ensureWorkload({ name: 'w', identities: ['one'] });
    const tokenNow = async () => {
      const url = `${identity.managedIdentityEndpoint}?api-version=2019-08-01&resource=https://vault.azure.net`;
      const response = await fetch(url, { headers: { 'x-identity-header': header } });
      return ((await response.json()) as { access_token: string }).access_token;
    };
    faults.set([{ service: 'identity', operation: 'issue one', kind: 'stale-token', times: 1 }]);
    const audience = 'https://vault.azure.net';
    await expect(identity.verify(await tokenNow(), audience)).rejects.toMatchObject({ reason: 'expired' });
    await expect(identity.verify(await tokenNow(), audience)).resolves.toMatchObject({ name: 'one' });
  });
});
