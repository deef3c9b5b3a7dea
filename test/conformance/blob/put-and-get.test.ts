import { createHash, randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { refusal } from '../refusal.ts';
import { blobSuite } from './blob-backend.ts';

const suite = blobSuite();
const { conform } = suite;

conform(
  ['Put Blob', 'Get Blob', 'Get Blob Properties'],
  'gives back bytes, content headers and metadata as they were put',
  async () => {
    const box = await suite.freshContainer();
    const blob = box.getBlockBlobClient('a/b.bin');
    const bytes = randomBytes(300_000);
    const put = await blob.upload(bytes, bytes.length, {
      blobHTTPHeaders: {
        blobContentType: 'text/plain',
        blobContentEncoding: 'identity',
        blobContentLanguage: 'de',
        blobContentDisposition: 'attachment',
        blobCacheControl: 'no-cache',
      },
      metadata: { round: '7', silo_id: 'north' },
    });
    const md5 = createHash('md5').update(bytes).digest('hex');
    expect(Buffer.from(put.contentMD5 ?? []).toString('hex')).toBe(md5);
    expect(await blob.downloadToBuffer()).toEqual(bytes);
    const properties = await blob.getProperties();
    expect(properties).toMatchObject({
      contentLength: bytes.length,
      contentType: 'text/plain',
      contentEncoding: 'identity',
      contentLanguage: 'de',
      contentDisposition: 'attachment',
      cacheControl: 'no-cache',
      blobType: 'BlockBlob',
      metadata: { round: '7', silo_id: 'north' },
      etag: put.etag,
      lastModified: put.lastModified,
    });
    expect(properties.versionId).toBeUndefined();
  },
);

conform(['Put Blob', 'Get Blob', 'Get Blob Properties'], 'keeps an empty blob', async () => {
  const box = await suite.freshContainer();
  const blob = box.getBlockBlobClient('empty');
  await blob.upload('', 0);
  expect((await blob.getProperties()).contentLength).toBe(0);
  expect(await readText(blob)).toBe('');
});

conform(['Put Blob', 'Get Blob'], 'serves ranges with their edges and refuses malformed ones', async () => {
  const box = await suite.freshContainer();
  const blob = box.getBlockBlobClient('digits');
  await blob.upload('0123456789', 10);
  expect(await readText(blob, 0, 1)).toBe('0');
  expect(await readText(blob, 9, 1)).toBe('9');
  expect(await readText(blob, 8, 100)).toBe('89');
  expect(await readText(blob, 3)).toBe('3456789');
  const part = await blob.download(2, 3, { rangeGetContentMD5: true });
  part.readableStreamBody?.resume();
  expect(part.contentRange).toBe('bytes 2-4/10');
  expect(Buffer.from(part.contentMD5 ?? [])).toEqual(createHash('md5').update('234').digest());
  expect(Buffer.from(part.blobContentMD5 ?? [])).toEqual(createHash('md5').update('0123456789').digest());
});

conform(['Put Blob', 'Get Blob', 'Delete Blob'], 'honours every condition with Azure’s codes', async () => {
  const box = await suite.freshContainer();
  const blob = box.getBlockBlobClient('c');
  const put = (conditions: object) => refusal(blob.upload('2', 1, { conditions }));
  const get = (conditions: object) => refusal(blob.download(0, undefined, { conditions }));
  expect(await put({ ifNoneMatch: '*' })).toBe('ok');
  expect(await put({ ifNoneMatch: '*' })).toBe('409 BlobAlreadyExists');
  const { etag = '', lastModified = new Date(0) } = await blob.getProperties();
  const earlier = new Date(lastModified.getTime() - 5000);
  const later = new Date(lastModified.getTime() + 5000);
  expect(await get({ ifMatch: etag })).toBe('ok');
  expect(await get({ ifMatch: '"0x8D0"' })).toBe('412 ConditionNotMet');
  expect(await get({ ifNoneMatch: etag })).toMatch(/^304/);
  expect(await get({ ifNoneMatch: '"0x8D0"' })).toBe('ok');
  expect(await get({ ifModifiedSince: earlier })).toBe('ok');
  expect(await get({ ifModifiedSince: lastModified })).toMatch(/^304/);
  expect(await get({ ifUnmodifiedSince: lastModified })).toBe('ok');
  expect(await get({ ifUnmodifiedSince: earlier })).toBe('412 ConditionNotMet');
  expect(await put({ ifNoneMatch: etag })).toBe('412 ConditionNotMet');
  expect(await put({ ifModifiedSince: later })).toBe('412 ConditionNotMet');
  expect(await put({ ifUnmodifiedSince: earlier })).toBe('412 ConditionNotMet');
  expect(await put({ ifMatch: etag })).toBe('ok');
  expect(await put({ ifMatch: etag })).toBe('412 ConditionNotMet');
  expect(await refusal(blob.delete({ conditions: { ifMatch: etag } }))).toBe('412 ConditionNotMet');
});

conform(['Put Blob'], 'lets exactly one of twenty creators win', async () => {
  const box = await suite.freshContainer();
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      refusal(
        box
          .getBlockBlobClient('race')
          .upload(`writer ${index}`, `writer ${index}`.length, { conditions: { ifNoneMatch: '*' } }),
      ),
    ),
  );
  expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === '409 BlobAlreadyExists')).toHaveLength(19);
  expect(await readText(box.getBlockBlobClient('race'))).toBe(`writer ${outcomes.indexOf('ok')}`);
});

conform(['Put Blob'], 'lets exactly one of twenty writers with the same If-Match win', async () => {
  const box = await suite.freshContainer();
  const blob = box.getBlockBlobClient('race');
  const { etag = '' } = await blob.upload('start', 5);
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      refusal(blob.upload(`${index}`, `${index}`.length, { conditions: { ifMatch: etag } })),
    ),
  );
  expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === '412 ConditionNotMet')).toHaveLength(19);
  expect(await readText(blob)).toBe(`${outcomes.indexOf('ok')}`);
});

conform(['Put Blob'], 'keeps nothing of a body that is not the one its MD5 names', async () => {
  const box = await suite.freshContainer();
  const blob = box.getBlockBlobClient('m');
  const put = (md5: string) =>
    suite.raw(
      'PUT',
      `/${box.containerName}/m`,
      { 'x-ms-blob-type': 'BlockBlob', 'content-md5': md5 },
      'body',
    );
  const wrong = createHash('md5').update('other').digest('base64');
  expect((await put(wrong)).status).toBe(400);
  expect(await blob.exists()).toBe(false);
  const right = createHash('md5').update('body').digest('base64');
  expect((await put(right)).status).toBe(201);
});

conform(
  ['Set Blob Metadata', 'Set Blob Properties', 'Get Blob Properties'],
  'sets metadata and content headers under conditions, with a new ETag each time',
  async () => {
    const box = await suite.freshContainer();
    const blob = box.getBlockBlobClient('meta');
    const first = await blob.upload('x', 1, { metadata: { a: '1' } });
    const second = await blob.setMetadata({ b: '2' });
    expect(second.etag).not.toBe(first.etag);
    const stale = blob.setMetadata({ c: '3' }, { conditions: { ifMatch: first.etag ?? '' } });
    expect(await refusal(stale)).toBe('412 ConditionNotMet');
    const third = await blob.setHTTPHeaders({ blobContentType: 'model/x' });
    const properties = await blob.getProperties();
    expect(properties).toMatchObject({
      metadata: { b: '2' },
      contentType: 'model/x',
      etag: third.etag,
    });
    expect(await readText(blob)).toBe('x');
    expect(await refusal(box.getBlockBlobClient('none').setMetadata({}))).toBe('404 BlobNotFound');
    expect(await refusal(blob.setMetadata({ 'no-dash': '1' }))).toBe('400 InvalidMetadata');
  },
);

conform(
  ['Get Blob', 'Delete Blob', 'Get Blob Properties', 'Get Container Properties'],
  'tells missing blobs and containers apart once the caller may know',
  async () => {
    const box = await suite.freshContainer();
    expect(await refusal(box.getBlobClient('no').download())).toBe('404 BlobNotFound');
    expect(await refusal(box.getBlobClient('no').delete())).toBe('404 BlobNotFound');
    expect(await refusal(box.getBlobClient('no').getProperties())).toMatch(/^404/);
    expect(await refusal(suite.service().getContainerClient('nowhere').getBlobClient('no').download())).toBe(
      '404 ContainerNotFound',
    );
    expect(await box.exists()).toBe(true);
    expect(await suite.service().getContainerClient('nowhere').exists()).toBe(false);
  },
);

conform(
  ['Put Blob', 'Get Blob', 'Delete Blob', 'List Blobs'],
  'keeps names with any odd character apart and gives them back unchanged',
  async () => {
    const box = await suite.freshContainer();
    const names = [
      'percent %41 %2F%',
      'plus+and space',
      'häß/日本/🙂',
      'a//b///c',
      'q?x=1&y=2#z',
      '<xml>&"quotes\'</xml>',
      'dots../%2e%2e/.hidden',
      ' leading and trailing ',
      'semi;colon=comma,$@!*()[]{}|^~`',
    ];
    for (const name of names) await box.getBlockBlobClient(name).upload(name, Buffer.byteLength(name));
    for (const name of names) expect(await readText(box.getBlockBlobClient(name))).toBe(name);
    const listed: string[] = [];
    for await (const { name } of box.listBlobsFlat()) listed.push(name);
    expect(listed).toEqual([...names].sort());
    expect(await readText(box.getBlobClient('a\\\\b\\\\\\c'))).toBe('a//b///c');
    for (const name of names) await box.getBlockBlobClient(name).delete();
    expect((await box.listBlobsFlat().next()).done).toBe(true);
  },
);

conform(['Get Blob Metadata'], 'gives the metadata alone, as plain HTTP clients ask for it', async () => {
  const box = await suite.freshContainer();
  await box.getBlockBlobClient('m').upload('x', 1, { metadata: { round: '7' } });
  const answer = await suite.raw('GET', `/${box.containerName}/m?comp=metadata`);
  expect([answer.status, answer.headers['x-ms-meta-round'], answer.body]).toEqual([200, '7', '']);
});

async function readText(
  blob: {
    download(offset?: number, count?: number): Promise<{ readableStreamBody?: NodeJS.ReadableStream }>;
  },
  offset?: number,
  count?: number,
): Promise<string> {
  const { readableStreamBody } = await blob.download(offset, count);
  return readableStreamBody === undefined ? '' : text(readableStreamBody);
}
