import {
  AnonymousCredential,
  BlobSASPermissions,
  type BlobSASSignatureValues,
  BlockBlobClient,
  generateBlobSASQueryParameters,
  SASProtocol,
  type UserDelegationKey,
} from '@azure/storage-blob';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, objectIdOf, rawRequest, refusal, startTestBlob, TENANT, type TestBlob } from './fixture.ts';

const MINUTE_MS = 60_000;

interface Links {
  readonly cloud: TestBlob;
  readonly key: UserDelegationKey;
  /** A client that has nothing but a link. */
  readonly open: (values?: Partial<BlobSASSignatureValues>, change?: Change) => BlockBlobClient;
}

interface Change {
  /** The blob that the link is used on; default the one it was made for. */
  readonly blob?: string;
  readonly query?: (query: URLSearchParams) => void;
}

async function startWithLinks(): Promise<Links> {
  const cloud = await startTestBlob();
  await cloud.service.ensureContainer(ACCOUNT, 'models', { versioning: true });
  await cloud.container('models').getBlockBlobClient('v1').upload('model', 5);
  await cloud.container('models').getBlockBlobClient('v2').upload('secret', 6);
  cloud.grants.set('coordinator', [
    { action: 'blob/read', scope: `blob/${ACCOUNT}/models` },
    { action: 'blob/write', scope: `blob/${ACCOUNT}/models` },
    { action: 'blob/delegate', scope: `blob/${ACCOUNT}/*` },
  ]);
  const start = new Date(Date.now() - 5 * MINUTE_MS);
  const end = new Date(Date.now() + 60 * MINUTE_MS);
  const key = await cloud.client('coordinator').getUserDelegationKey(start, end);
  return { cloud, key, open: (values, change) => openLink(cloud, key, values, change) };
}

function openLink(
  cloud: TestBlob,
  key: UserDelegationKey,
  values: Partial<BlobSASSignatureValues> = {},
  change: Change = {},
): BlockBlobClient {
  const signed: BlobSASSignatureValues = {
    containerName: 'models',
    blobName: 'v1',
    permissions: BlobSASPermissions.parse('r'),
    startsOn: new Date(Date.now() - MINUTE_MS),
    expiresOn: new Date(Date.now() + 15 * MINUTE_MS),
    protocol: SASProtocol.Https,
    ...values,
  };
  const query = new URLSearchParams(generateBlobSASQueryParameters(signed, key, ACCOUNT).toString());
  if (signed.versionId !== undefined) query.set('versionid', signed.versionId);
  change.query?.(query);
  const path = (change.blob ?? signed.blobName ?? '').split('/').map(encodeURIComponent).join('/');
  const url = `${cloud.service.accountUrl(ACCOUNT)}/${signed.containerName}/${path}?${query.toString()}`;
  return new BlockBlobClient(url, new AnonymousCredential(), { retryOptions: { maxTries: 1 } });
}

function permissions(text: string): Partial<BlobSASSignatureValues> {
  return { permissions: BlobSASPermissions.parse(text) };
}

describe('a link signed with a user delegation key', () => {
  it('opens its own blob for what it permits, without any other credential', async () => {
    const { key, open } = await startWithLinks();
    expect(key).toMatchObject({ signedObjectId: objectIdOf('coordinator'), signedTenantId: TENANT });
    expect((await open().downloadToBuffer()).toString()).toBe('model');
    const named = open({ contentDisposition: 'attachment; filename="m"', contentType: 'model/x' });
    expect(await named.getProperties()).toMatchObject({
      contentDisposition: 'attachment; filename="m"',
      contentType: 'model/x',
    });
  });

  it('is worth nothing before its start, after its end and after its key’s end', async () => {
    const { cloud, open } = await startWithLinks();
    const denied = '403 AuthenticationFailed';
    const soon = new Date(Date.now() + 2 * MINUTE_MS);
    expect(await refusal(open({ startsOn: soon }).download())).toBe(denied);
    const link = open();
    const longer = open({ expiresOn: new Date(Date.now() + 120 * MINUTE_MS) });
    cloud.clock.ahead = 16 * MINUTE_MS;
    expect(await refusal(link.download())).toBe(denied);
    expect(await refusal(longer.download())).toBe('ok');
    cloud.clock.ahead = 61 * MINUTE_MS;
    expect(await refusal(longer.download())).toBe(denied);
  });

  it('breaks when any part of it is changed, added or taken away', async () => {
    const { open } = await startWithLinks();
    const signed = [...new URL(open().url).searchParams.keys()].filter((name) => name !== 'sig');
    expect(signed.length).toBeGreaterThan(10);
    for (const name of signed) {
      const changed = open({}, { query: (query) => query.set(name, `${query.get(name)}0`) });
      expect([name, await refusal(changed.download())]).toEqual([name, '403 AuthenticationFailed']);
      const removed = open({}, { query: (query) => query.delete(name) });
      expect([name, await refusal(removed.download())]).toEqual([name, '403 AuthenticationFailed']);
    }
    for (const name of ['rscd', 'scid', 'sip']) {
      const added = open({}, { query: (query) => query.set(name, '127.0.0.1') });
      expect([name, await refusal(added.download())]).toEqual([name, '403 AuthenticationFailed']);
    }
    const forged = open({}, { query: (query) => query.set('sig', Buffer.alloc(32).toString('base64')) });
    expect(await refusal(forged.download())).toBe('403 AuthenticationFailed');
    const twice = open({}, { query: (query) => query.append('sp', 'rw') });
    expect(await refusal(twice.download())).toBe('400 InvalidQueryParameterValue');
  });

  it('never carries more than its signer may do at that moment', async () => {
    const { cloud, open } = await startWithLinks();
    const denied = '403 AuthorizationPermissionMismatch';
    expect(await refusal(open(permissions('d')).delete())).toBe(denied);
    const other = open({ containerName: 'elsewhere' });
    expect(await refusal(other.download())).toBe(denied);
    const link = open();
    expect(await refusal(link.download())).toBe('ok');
    cloud.grants.set('coordinator', [{ action: 'blob/create', scope: `blob/${ACCOUNT}/models` }]);
    expect(await refusal(link.download())).toBe(denied);
    const writing = open({ ...permissions('w') });
    expect(await refusal(writing.upload('x', 1))).toBe(denied);
    expect(await refusal(open({ ...permissions('w'), blobName: 'fresh' }).upload('x', 1))).toBe('ok');
  });

  it('keeps to its addresses', async () => {
    const { open } = await startWithLinks();
    expect(await refusal(open({ ipRange: { start: '127.0.0.1' } }).download())).toBe('ok');
    expect(await refusal(open({ ipRange: { start: '127.0.0.0', end: '127.0.0.9' } }).download())).toBe('ok');
    expect(await refusal(open({ ipRange: { start: '10.0.0.1', end: '10.0.0.9' } }).download())).toBe(
      '403 AuthorizationSourceIPMismatch',
    );
  });

  it('outlives a restart of the service', async () => {
    const { cloud, open } = await startWithLinks();
    const link = open();
    await cloud.restart();
    expect((await link.downloadToBuffer()).toString()).toBe('model');
  });

  it('is also accepted in the form before request headers were signed, and in no older one', async () => {
    const { open } = await startWithLinks();
    expect(await refusal(open({ version: '2025-11-05' }).download())).toBe('ok');
    expect(await refusal(open({ version: '2020-12-06' }).download())).toBe('403 AuthenticationFailed');
  });

  it('is refused by name for containers and for what only Azure can narrow it by', async () => {
    const { cloud, key, open } = await startWithLinks();
    const query = generateBlobSASQueryParameters(
      {
        containerName: 'models',
        permissions: BlobSASPermissions.parse('r'),
        expiresOn: new Date(Date.now() + MINUTE_MS),
      },
      key,
      ACCOUNT,
    );
    const container = await rawRequest(cloud, 'GET', `/${ACCOUNT}/models/v1?${query.toString()}`);
    expect([container.status, container.body]).toEqual([501, expect.stringContaining('for a container')]);
    for (const values of [{ encryptionScope: 'e' }, { preauthorizedAgentObjectId: objectIdOf('x') }]) {
      expect(await refusal(open(values).download())).toMatch(/^501/);
    }
  });

  it('cannot be mixed with a token', async () => {
    const { cloud, open } = await startWithLinks();
    const { pathname, search } = new URL(open().url);
    const answer = await rawRequest(cloud, 'GET', pathname + search, { authorization: 'Bearer token-owner' });
    expect(answer.status).toBe(403);
  });
});

describe('a user delegation key', () => {
  it('is given to delegates only, for at most seven days', async () => {
    const { cloud } = await startWithLinks();
    cloud.grants.set('reader', [{ action: 'blob/read', scope: `blob/${ACCOUNT}/*` }]);
    const ask = (who: string, from: number, to: number) =>
      refusal(
        cloud
          .client(who)
          .getUserDelegationKey(
            new Date(Date.now() + from * MINUTE_MS),
            new Date(Date.now() + to * MINUTE_MS),
          ),
      );
    expect(await ask('reader', -1, 10)).toBe('403 AuthorizationPermissionMismatch');
    expect(await ask('coordinator', -1, 10)).toBe('ok');
    expect(await ask('coordinator', 10, 5)).toBe('400 InvalidXmlNodeValue');
    expect(await ask('coordinator', -10, -5)).toBe('400 InvalidXmlNodeValue');
    expect(await ask('coordinator', 0, 7 * 24 * 60 + 5)).toBe('400 InvalidXmlNodeValue');
  });
});
