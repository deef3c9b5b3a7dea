import { createHash, randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, OWNER, rawRequest, refusal, startTestBlob } from './fixture.ts';

async function startWithContainer() {
  const cloud = await startTestBlob();
  await cloud.service.ensureContainer(ACCOUNT, 'box');
  return { cloud, box: cloud.container('box') };
}

describe('putting and getting a blob', () => {
  it('gives back bytes, content headers and metadata as they were put', async () => {
    const { box } = await startWithContainer();
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
  });

  it('keeps an empty blob', async () => {
    const { box } = await startWithContainer();
    const blob = box.getBlockBlobClient('empty');
    await blob.upload('', 0);
    expect((await blob.getProperties()).contentLength).toBe(0);
    expect(await readText(blob)).toBe('');
    expect(await refusal(blob.download(0, 1))).toBe('416 InvalidRange');
  });

  it('serves ranges with their edges and refuses malformed ones', async () => {
    const { cloud, box } = await startWithContainer();
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
    expect(await refusal(blob.download(10, 1))).toBe('416 InvalidRange');
    for (const range of ['bytes=5-3', 'bytes=-3', 'bytes=0-1,4-5', 'lines=1-2']) {
      const answer = await rawRequest(cloud, 'GET', `/${ACCOUNT}/box/digits`, { ...OWNER, range });
      expect([range, answer.status]).toEqual([range, 400]);
    }
  });

  it('honours every condition with Azure’s codes', async () => {
    const { cloud, box } = await startWithContainer();
    const blob = box.getBlockBlobClient('c');
    const put = (conditions: object) => refusal(blob.upload('2', 1, { conditions }));
    const get = (conditions: object) => refusal(blob.download(0, undefined, { conditions }));
    expect(await put({ ifMatch: '*' })).toBe('412 ConditionNotMet');
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
    const twoTags = { ...OWNER, 'if-match': '"a", "b"' };
    expect((await rawRequest(cloud, 'GET', `/${ACCOUNT}/box/c`, twoTags)).status).toBe(400);
  });

  it('lets exactly one of twenty creators win', async () => {
    const { box } = await startWithContainer();
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

  it('lets exactly one of twenty writers with the same If-Match win', async () => {
    const { box } = await startWithContainer();
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

  it('refuses a body that is not the one its MD5 names and keeps nothing of it', async () => {
    const { cloud, box } = await startWithContainer();
    const blob = box.getBlockBlobClient('m');
    const wrong = createHash('md5').update('other').digest();
    const put = (headers: Record<string, string>) =>
      rawRequest(
        cloud,
        'PUT',
        `/${ACCOUNT}/box/m`,
        { ...OWNER, 'x-ms-blob-type': 'BlockBlob', ...headers },
        'body',
      );
    const mismatch = await put({ 'content-md5': wrong.toString('base64') });
    expect([mismatch.status, mismatch.headers['x-ms-error-code']]).toEqual([400, 'Md5Mismatch']);
    expect(mismatch.body).toContain('<Code>Md5Mismatch</Code>');
    expect((await put({ 'content-md5': 'abc' })).headers['x-ms-error-code']).toBe('InvalidMd5');
    expect(await blob.exists()).toBe(false);
    const right = createHash('md5').update('body').digest('base64');
    expect((await put({ 'content-md5': right })).status).toBe(201);
  });

  it('sets metadata and content headers under conditions, with a new ETag each time', async () => {
    const { box } = await startWithContainer();
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
    expect(await refusal(blob.setMetadata({ big: 'x'.repeat(9000) }))).toBe('400 MetadataTooLarge');
  });

  it('tells missing blobs and containers apart once the caller may know', async () => {
    const { cloud, box } = await startWithContainer();
    expect(await refusal(box.getBlobClient('no').download())).toBe('404 BlobNotFound');
    expect(await refusal(box.getBlobClient('no').delete())).toBe('404 BlobNotFound');
    expect(await refusal(box.getBlobClient('no').getProperties())).toMatch(/^404/);
    expect(await refusal(cloud.container('nowhere').getBlobClient('no').download())).toBe(
      '404 ContainerNotFound',
    );
    expect(await box.exists()).toBe(true);
    expect(await cloud.container('nowhere').exists()).toBe(false);
  });

  it('keeps names with any odd character apart and gives them back unchanged', async () => {
    const { box } = await startWithContainer();
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
  });

  it('takes names as bytes of the path, so that dot segments stay inside their container', async () => {
    const { cloud } = await startWithContainer();
    await cloud.service.ensureContainer(ACCOUNT, 'other');
    const path = `/${ACCOUNT}/box/../other/%2e%2e/x`;
    const put = await rawRequest(cloud, 'PUT', path, { ...OWNER, 'x-ms-blob-type': 'BlockBlob' }, 'y');
    expect(put.status).toBe(201);
    const names: string[] = [];
    for await (const { name } of cloud.container('box').listBlobsFlat()) names.push(name);
    expect(names).toEqual(['../other/../x']);
    expect((await cloud.container('other').listBlobsFlat().next()).done).toBe(true);
  });

  it('finishes a download whose blob is overwritten and deleted meanwhile', async () => {
    const { box } = await startWithContainer();
    const blob = box.getBlockBlobClient('moving');
    const bytes = randomBytes(24 * 1024 * 1024);
    await blob.uploadData(bytes, { blockSize: 4 * 1024 * 1024, maxSingleShotSize: 1024 });
    const { readableStreamBody } = await blob.download();
    if (readableStreamBody === undefined) throw new Error('no stream');
    const chunks: Buffer[] = [];
    let changed = false;
    for await (const chunk of readableStreamBody) {
      chunks.push(Buffer.from(chunk));
      if (changed) continue;
      changed = true;
      await blob.upload('new', 3);
      await blob.delete();
    }
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    expect(await blob.exists()).toBe(false);
  });
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
