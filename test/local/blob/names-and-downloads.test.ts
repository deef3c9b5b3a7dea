import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, OWNER, rawRequest, startTestBlob } from './fixture.ts';

async function startWithContainer() {
  const cloud = await startTestBlob();
  await cloud.service.ensureContainer(ACCOUNT, 'box');
  return { cloud, box: cloud.container('box') };
}

describe('names and downloads', () => {
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
