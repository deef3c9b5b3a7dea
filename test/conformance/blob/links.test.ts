/** Links for one blob, signed with a user delegation key: what they open, and all that they do not. */
import {
  AnonymousCredential,
  BlobSASPermissions,
  type BlobSASSignatureValues,
  BlockBlobClient,
  type ContainerClient,
  generateBlobSASQueryParameters,
  SASProtocol,
  type UserDelegationKey,
} from '@azure/storage-blob';
import { expect } from 'vitest';
import { rawHttps } from '../raw-https.ts';
import { refusal } from '../refusal.ts';
import { blobSuite } from './blob-backend.ts';

const suite = blobSuite();
const { conform } = suite;
const MINUTE_MS = 60_000;

interface Change {
  /** The blob that the link is used on; default the one it was made for. */
  readonly blob?: string;
  readonly key?: UserDelegationKey;
  readonly query?: (query: URLSearchParams) => void;
}

function inMinutes(minutes: number): Date {
  return new Date(Date.now() + minutes * MINUTE_MS);
}

function permissions(text: string): Partial<BlobSASSignatureValues> {
  return { permissions: BlobSASPermissions.parse(text) };
}

/** A container with the blobs `v1` (`model`) and `v2`, and clients that have nothing but a link. */
async function startWithLinks(versioning = false) {
  const box = await suite.freshContainer({ versioning });
  await box.getBlockBlobClient('v1').upload('model', 5);
  await box.getBlockBlobClient('v2').upload('secret', 6);
  const key = await suite.service().getUserDelegationKey(inMinutes(-5), inMinutes(60));
  const url = (values: Partial<BlobSASSignatureValues> = {}, change: Change = {}): string =>
    linkTo(box, change.key ?? key, values, change);
  const open = (values?: Partial<BlobSASSignatureValues>, change?: Change): BlockBlobClient =>
    new BlockBlobClient(url(values, change), new AnonymousCredential(), { retryOptions: { maxTries: 1 } });
  return { box, key, url, open };
}

function linkTo(
  box: ContainerClient,
  key: UserDelegationKey,
  values: Partial<BlobSASSignatureValues>,
  change: Change,
): string {
  const { accountName, sasVersion } = suite.current();
  const signed: BlobSASSignatureValues = {
    containerName: box.containerName,
    blobName: 'v1',
    permissions: BlobSASPermissions.parse('r'),
    startsOn: inMinutes(-1),
    expiresOn: inMinutes(15),
    protocol: SASProtocol.Https,
    ...(sasVersion === undefined ? {} : { version: sasVersion }),
    ...values,
  };
  const query = new URLSearchParams(generateBlobSASQueryParameters(signed, key, accountName).toString());
  if (signed.versionId !== undefined) query.set('versionid', signed.versionId);
  change.query?.(query);
  const path = (change.blob ?? signed.blobName ?? '').split('/').map(encodeURIComponent).join('/');
  return `${box.url}/${path}?${query.toString()}`;
}

function plainGet(url: string) {
  const { caPem } = suite.current();
  return rawHttps(url, caPem === undefined ? {} : { caPem });
}

conform(
  ['Get User Delegation Key', 'Get Blob'],
  'a link opens its blob without any other credential',
  async () => {
    const { open } = await startWithLinks();
    expect((await open().downloadToBuffer()).toString()).toBe('model');
    const named = open({ contentDisposition: 'attachment; filename="m"', contentType: 'model/x' });
    const { contentDisposition, contentType } = await named.download();
    expect([contentDisposition, contentType]).toEqual(['attachment; filename="m"', 'model/x']);
  },
);

conform(['Get Blob'], 'a link is good for plain HTTP clients, which send no version header', async () => {
  const { url } = await startWithLinks();
  expect((await plainGet(url())).body).toBe('model');
});

conform(['Get Blob'], 'a link opens no other blob, no container and no listing', async () => {
  const { box, url, open } = await startWithLinks();
  const denied = /^403/;
  expect(await refusal(open({}, { blob: 'v2' }).download())).toMatch(denied);
  expect(await refusal(open({}, { blob: 'v1/x' }).download())).toMatch(denied);
  const { search } = new URL(url());
  for (const [base, query] of [
    [box.url, '&restype=container&comp=list'],
    [box.url, '&restype=container'],
    [suite.current().accountUrl, '/&comp=list'],
  ] as const) {
    expect((await plainGet(`${base}${search}${query}`)).status, query).toBe(403);
  }
});

conform(
  ['Get Blob'],
  'a link made for one version opens that version only, and one for a blob none but the current',
  async () => {
    const { box, open } = await startWithLinks(true);
    const blob = box.getBlockBlobClient('v1');
    const { versionId = '' } = await blob.getProperties();
    await blob.upload('newer', 5);
    expect((await open({ versionId }).downloadToBuffer()).toString()).toBe('model');
    const toVersion = open({}, { query: (query) => query.set('versionid', versionId) });
    expect(await refusal(toVersion.download())).toMatch(/^403/);
    const toCurrent = open({ versionId }, { query: (query) => query.delete('versionid') });
    expect(await refusal(toCurrent.download())).toMatch(/^403/);
  },
  { feature: 'versions' },
);

conform(['Get Blob'], 'a link is worth nothing before its start and after its end', async () => {
  const { open } = await startWithLinks();
  const denied = /^403/;
  expect(await refusal(open({ startsOn: inMinutes(3), expiresOn: inMinutes(9) }).download())).toMatch(denied);
  expect(await refusal(open({ startsOn: inMinutes(-4), expiresOn: inMinutes(-2) }).download())).toMatch(
    denied,
  );
});

conform(['Get Blob'], 'a link breaks when a part of it is changed, taken away or forged', async () => {
  const { open } = await startWithLinks();
  for (const name of ['sp', 'se', 'st', 'skoid', 'sktid', 'ske', 'sks', 'skv']) {
    const changed = open({}, { query: (query) => query.set(name, `${query.get(name)}0`) });
    expect(await refusal(changed.download()), name).toMatch(/^(?:403|400)/);
    const removed = open({}, { query: (query) => query.delete(name) });
    expect(await refusal(removed.download()), name).toMatch(/^(?:403|400)/);
  }
  const widened = open({}, { query: (query) => query.set('sp', 'rwd') });
  expect(await refusal(widened.delete())).toMatch(/^403/);
  const renamed = open({}, { query: (query) => query.set('rscd', 'attachment') });
  expect(await refusal(renamed.download())).toMatch(/^403/);
  const forged = open({}, { query: (query) => query.set('sig', Buffer.alloc(32).toString('base64')) });
  expect(await refusal(forged.download())).toMatch(/^403/);
});

conform(
  ['Put Blob', 'Put Block', 'Put Block List', 'Delete Blob'],
  'links permit reading, creating, writing and deleting each on its own',
  async () => {
    const { open } = await startWithLinks();
    const denied = /^403/;
    const put = (text: string, blobName: string) =>
      refusal(open({ ...permissions(text), blobName }).upload('x', 1));
    expect(await refusal(open(permissions('w')).download())).toMatch(denied);
    expect(await refusal(open(permissions('r')).setMetadata({}))).toMatch(denied);
    expect(await refusal(open(permissions('rw')).delete())).toMatch(denied);
    expect(await put('r', 'new-1')).toMatch(denied);
    expect(await put('c', 'new-1')).toBe('ok');
    expect(await put('c', 'new-1')).toMatch(/^403/);
    expect(await put('w', 'new-1')).toBe('ok');
    expect(await put('w', 'new-2')).toBe('ok');
    const staged = open({ ...permissions('cw'), blobName: 'new-3' });
    await staged.uploadData(Buffer.alloc(300_000), { blockSize: 100_000, maxSingleShotSize: 1000 });
    expect(await refusal(open({ ...permissions('d'), blobName: 'new-3' }).delete())).toBe('ok');
  },
);

conform(
  ['Get Blob'],
  'a link keeps to its addresses',
  async () => {
    const { open } = await startWithLinks();
    const elsewhere = open({ ipRange: { start: '198.51.100.1', end: '198.51.100.9' } });
    expect(await refusal(elsewhere.download())).toBe('403 AuthorizationSourceIPMismatch');
    const anywhere = open({ ipRange: { start: '0.0.0.0', end: '255.255.255.255' } });
    expect(await refusal(anywhere.download())).toBe('ok');
  },
  { feature: 'address ranges of links' },
);

conform(
  ['Get Blob'],
  'links work for names with characters that URLs and signatures treat apart',
  async () => {
    const { box, open } = await startWithLinks();
    const blobName = 'exp/ü %2F+&?=/x';
    await box.getBlockBlobClient(blobName).upload('odd', 3);
    expect((await open({ blobName }).downloadToBuffer()).toString()).toBe('odd');
  },
);

conform(
  ['Get User Delegation Key'],
  'a delegation key lasts seven days at most and ends after it starts',
  async () => {
    const ask = (from: number, to: number) =>
      refusal(suite.service().getUserDelegationKey(inMinutes(from), inMinutes(to)));
    expect(await ask(-1, 10)).toBe('ok');
    expect(await ask(10, 5)).toMatch(/^400/);
    expect(await ask(0, 7 * 24 * 60 + 10)).toMatch(/^400/);
  },
);

conform(['Get Blob'], 'a delegation key cannot sign as somebody else or for longer', async () => {
  const { key, open } = await startWithLinks();
  const stranger = { ...key, signedObjectId: '00000000-0000-4000-8000-00000000dead' };
  expect(await refusal(open({}, { key: stranger }).download())).toMatch(/^403/);
  const longer = { ...key, signedExpiresOn: inMinutes(600) };
  expect(await refusal(open({}, { key: longer }).download())).toMatch(/^403/);
});

conform(['Get Blob'], 'a refused link says whether its signature or its permission is at fault', async () => {
  const { open } = await startWithLinks();
  const forged = open({}, { query: (query) => query.set('sig', Buffer.alloc(32).toString('base64')) });
  expect(await refusal(forged.download())).toBe('403 AuthenticationFailed');
  expect(await refusal(open(permissions('w')).download())).toBe('403 AuthorizationPermissionMismatch');
});
