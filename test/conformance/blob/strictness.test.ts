/** Documented refusals, one a test: other emulators miss some, and should fail here and nowhere else. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { refusal } from '../refusal.ts';
import { blobSuite } from './blob-backend.ts';

const suite = blobSuite();
const { conform } = suite;

async function freshBlob(name: string) {
  const box = await suite.freshContainer();
  return { box, blob: box.getBlockBlobClient(name), path: `/${box.containerName}/${name}` };
}

conform(['Get Blob'], 'answers 416 to a range that begins behind the end', async () => {
  const { box, blob } = await freshBlob('digits');
  await blob.upload('0123456789', 10);
  expect(await refusal(blob.download(10, 1))).toBe('416 InvalidRange');
  const empty = box.getBlockBlobClient('empty');
  await empty.upload('', 0);
  expect(await refusal(empty.download(0, 1))).toBe('416 InvalidRange');
});

conform(['Get Blob'], 'answers 400 to a range it does not understand', async () => {
  const { blob, path } = await freshBlob('digits');
  await blob.upload('0123456789', 10);
  for (const range of ['bytes=5-3', 'bytes=-3', 'bytes=0-1,4-5', 'lines=1-2']) {
    const answer = await suite.raw('GET', path, { range });
    expect([range, answer.status]).toEqual([range, 400]);
  }
});

conform(['Put Blob'], 'answers 412 to If-Match: * where there is no blob', async () => {
  const { blob } = await freshBlob('none');
  expect(await refusal(blob.upload('x', 1, { conditions: { ifMatch: '*' } }))).toBe('412 ConditionNotMet');
});

conform(['Get Blob'], 'answers 400 to two ETags in one condition', async () => {
  const { blob, path } = await freshBlob('c');
  await blob.upload('x', 1);
  expect((await suite.raw('GET', path, { 'if-match': '"a", "b"' })).status).toBe(400);
});

conform(['Put Blob'], 'names what is wrong with an MD5', async () => {
  const { path } = await freshBlob('m');
  const put = (md5: string) =>
    suite.raw('PUT', path, { 'x-ms-blob-type': 'BlockBlob', 'content-md5': md5 }, 'body');
  const mismatch = await put(createHash('md5').update('other').digest('base64'));
  expect([mismatch.status, mismatch.headers['x-ms-error-code']]).toEqual([400, 'Md5Mismatch']);
  expect(mismatch.body).toContain('<Code>Md5Mismatch</Code>');
  expect((await put('abc')).headers['x-ms-error-code']).toBe('InvalidMd5');
});

conform(['Set Blob Metadata'], 'takes at most 8 KiB of metadata', async () => {
  const { blob } = await freshBlob('meta');
  await blob.upload('x', 1);
  expect(await refusal(blob.setMetadata({ big: 'x'.repeat(9000) }))).toBe('400 MetadataTooLarge');
});

conform(['Put Block'], 'answers 400 to a block id that is no base64 or longer than 64 bytes', async () => {
  const { blob } = await freshBlob('b');
  for (const id of ['not base64!', Buffer.alloc(65).toString('base64')]) {
    expect(await refusal(blob.stageBlock(id, 'b', 1))).toMatch(/^400/);
  }
});

conform(
  ['Put Block List'],
  'refuses a block list that is no such XML, names too many blocks or is too long',
  async () => {
    const { path } = await freshBlob('l');
    const list = async (body: string) =>
      (await suite.raw('PUT', `${path}?comp=blocklist`, {}, body)).headers['x-ms-error-code'];
    for (const body of ['', '<BlockList>', '<Other/>', '<BlockList><Latest>&x;</Latest></BlockList>', '<']) {
      expect(await list(body)).toBe('InvalidXmlDocument');
    }
    const many = `<BlockList>${'<Latest>AAAA</Latest>'.repeat(50_001)}</BlockList>`;
    expect(await list(many)).toBe('BlockListTooLong');
    expect(await list('x'.repeat(9 * 1024 * 1024))).toBe('RequestBodyTooLarge');
  },
);

conform(
  ['Create or Delete Container', 'Get Container Properties'],
  'containers come by provisioning: nobody makes or removes one through the client',
  async () => {
    const { box } = await freshBlob('x');
    const other = suite.service().getContainerClient('another');
    expect(await refusal(other.create())).toBe('403 AuthorizationPermissionMismatch');
    expect(await refusal(box.delete())).toBe('403 AuthorizationPermissionMismatch');
    expect(await box.exists()).toBe(true);
  },
  { feature: 'containers by provisioning only' },
);

conform(
  ['Get Blob'],
  'a request needs a token, one that verifies, and no account key',
  async () => {
    const { blob, path } = await freshBlob('x');
    await blob.upload('x', 1);
    const get = async (authorization: string) => {
      const { status, headers } = await suite.raw('GET', path, { authorization });
      return `${status} ${String(headers['x-ms-error-code'])}`;
    };
    expect(await get('Bearer forged.token.value')).toBe('401 InvalidAuthenticationInfo');
    expect(await get('SharedKey account:AAAA')).toMatch(/^403/);
  },
  { feature: 'verification of tokens' },
);
