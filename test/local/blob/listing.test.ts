import type { ContainerClient } from '@azure/storage-blob';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, OWNER, rawRequest, startTestBlob } from './fixture.ts';

async function startWithBlobs(names: readonly string[], versioning = false) {
  const cloud = await startTestBlob();
  await cloud.service.ensureContainer(ACCOUNT, 'box', { versioning });
  const box = cloud.container('box');
  await Promise.all(names.map((name) => box.getBlockBlobClient(name).upload(name, name.length)));
  return { cloud, box };
}

async function hierarchy(box: ContainerClient, prefix: string, page: number): Promise<string[]> {
  const rows: string[] = [];
  const pages = box.listBlobsByHierarchy('/', { prefix }).byPage({ maxPageSize: page });
  for await (const { segment } of pages) {
    for (const { name } of segment.blobPrefixes ?? []) rows.push(name);
    for (const { name } of segment.blobItems) rows.push(name);
  }
  return rows.sort();
}

describe('listing', () => {
  it('pages through all blobs in order, each exactly once', async () => {
    const names = Array.from({ length: 57 }, (_, index) => `n/${String(index * 7).padStart(3, '0')}`);
    const { box } = await startWithBlobs([...names, 'other']);
    const sizes: number[] = [];
    const seen: string[] = [];
    for await (const page of box.listBlobsFlat({ prefix: 'n/' }).byPage({ maxPageSize: 10 })) {
      sizes.push(page.segment.blobItems.length);
      seen.push(...page.segment.blobItems.map(({ name }) => name));
    }
    expect(seen).toEqual([...names].sort());
    expect(sizes).toEqual([10, 10, 10, 10, 10, 7]);
  });

  it('goes on behind its marker when blobs come and go between pages', async () => {
    const { box } = await startWithBlobs(['a', 'b', 'c', 'd', 'e']);
    const pages = box.listBlobsFlat().byPage({ maxPageSize: 2 });
    const names = async () => {
      const { value } = await pages.next();
      return value?.segment.blobItems.map(({ name }: { name: string }) => name);
    };
    expect(await names()).toEqual(['a', 'b']);
    await box.getBlockBlobClient('aa').upload('x', 1);
    await box.getBlobClient('c').delete();
    expect(await names()).toEqual(['d', 'e']);
  });

  it('folds names at the delimiter, at any page size', async () => {
    const { box } = await startWithBlobs(['a', 'b/1', 'b/2', 'b/c/1', 'd/1', 'd', 'd-']);
    for (const page of [1, 2, 100]) {
      expect(await hierarchy(box, '', page)).toEqual(['a', 'b/', 'd', 'd-', 'd/']);
      expect(await hierarchy(box, 'b/', page)).toEqual(['b/1', 'b/2', 'b/c/']);
    }
    await box.getBlobClient('d/1').delete();
    expect(await hierarchy(box, 'd', 10)).toEqual(['d', 'd-']);
  });

  it('shows properties, metadata and versions when asked', async () => {
    const { box } = await startWithBlobs([], true);
    const blob = box.getBlockBlobClient('v');
    const first = await blob.upload('one', 3, { metadata: { n: '1', text: '<&>' } });
    const second = await blob.upload('three', 5, { metadata: { n: '2' } });
    const gone = await box.getBlockBlobClient('gone').upload('x', 1);
    await box.getBlobClient('gone').delete();
    await box.getBlockBlobClient('staged').stageBlock('AAAA', 'x', 1);
    const plain = [];
    for await (const item of box.listBlobsFlat()) plain.push(item);
    expect(plain).toHaveLength(1);
    expect(plain[0]).toMatchObject({
      name: 'v',
      properties: { contentLength: 5, blobType: 'BlockBlob', etag: second.etag?.replaceAll('"', '') },
    });
    expect(plain[0]?.metadata).toBeUndefined();
    const versions = [];
    const pages = box
      .listBlobsFlat({ includeVersions: true, includeMetadata: true })
      .byPage({ maxPageSize: 1 });
    for await (const page of pages) versions.push(...page.segment.blobItems);
    expect(versions.map((item) => [item.name, item.versionId, item.isCurrentVersion, item.metadata])).toEqual(
      [
        ['gone', gone.versionId, undefined, undefined],
        ['v', first.versionId, undefined, { n: '1', text: '<&>' }],
        ['v', second.versionId, true, { n: '2' }],
      ],
    );
  });

  it('lists the containers of the account page by page', async () => {
    const { cloud } = await startWithBlobs([]);
    for (const name of ['models', 'rounds', 'updates-a', 'updates-b']) {
      await cloud.service.ensureContainer(ACCOUNT, name);
    }
    const names = async (prefix: string) => {
      const found: string[] = [];
      const pages = cloud.client('owner').listContainers({ prefix }).byPage({ maxPageSize: 2 });
      for await (const { containerItems } of pages) found.push(...containerItems.map(({ name }) => name));
      return found;
    };
    expect(await names('')).toEqual(['box', 'models', 'rounds', 'updates-a', 'updates-b']);
    expect(await names('updates-')).toEqual(['updates-a', 'updates-b']);
  });

  it('refuses page sizes, markers and includes that it cannot honour', async () => {
    const { cloud } = await startWithBlobs(['a']);
    const list = async (query: string) => {
      const answer = await rawRequest(
        cloud,
        'GET',
        `/${ACCOUNT}/box?restype=container&comp=list&${query}`,
        OWNER,
      );
      return answer.status;
    };
    expect(await list('maxresults=0')).toBe(400);
    expect(await list('maxresults=x')).toBe(400);
    expect(await list('marker=garbage')).toBe(400);
    expect(await list('include=snapshots')).toBe(501);
    expect(await list('prefix=a&prefix=b')).toBe(400);
    expect(await list('maxresults=999999')).toBe(200);
  });

  it('makes a container once and keeps to its versioning', async () => {
    const { cloud } = await startWithBlobs([]);
    await Promise.all([1, 2, 3].map(() => cloud.service.ensureContainer(ACCOUNT, 'twice')));
    await cloud.service.ensureContainer(ACCOUNT, 'box');
    await expect(cloud.service.ensureContainer(ACCOUNT, 'box', { versioning: true })).rejects.toThrow(
      /exists/,
    );
    await expect(cloud.service.ensureContainer(ACCOUNT, 'No_Name')).rejects.toThrow(/no container name/);
    await expect(cloud.service.ensureContainer('other', 'box')).rejects.toThrow(/no storage account/);
  });
});
