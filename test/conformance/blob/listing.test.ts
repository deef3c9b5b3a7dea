import type { ContainerClient } from '@azure/storage-blob';
import { expect } from 'vitest';
import { blobSuite } from './blob-backend.ts';

const suite = blobSuite();
const { conform } = suite;

async function startWithBlobs(names: readonly string[], versioning = false): Promise<ContainerClient> {
  const box = await suite.freshContainer({ versioning });
  await Promise.all(names.map((name) => box.getBlockBlobClient(name).upload(name, name.length)));
  return box;
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

conform(['List Blobs'], 'pages through all blobs in order, each exactly once', async () => {
  const names = Array.from({ length: 57 }, (_, index) => `n/${String(index * 7).padStart(3, '0')}`);
  const box = await startWithBlobs([...names, 'other']);
  const sizes: number[] = [];
  const seen: string[] = [];
  for await (const page of box.listBlobsFlat({ prefix: 'n/' }).byPage({ maxPageSize: 10 })) {
    sizes.push(page.segment.blobItems.length);
    seen.push(...page.segment.blobItems.map(({ name }) => name));
  }
  expect(seen).toEqual([...names].sort());
  expect(sizes).toEqual([10, 10, 10, 10, 10, 7]);
});

conform(['List Blobs'], 'goes on behind its marker when blobs come and go between pages', async () => {
  const box = await startWithBlobs(['a', 'b', 'c', 'd', 'e']);
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

conform(['List Blobs'], 'folds names at the delimiter, at any page size', async () => {
  const box = await startWithBlobs(['a', 'b/1', 'b/2', 'b/c/1', 'd/1', 'd', 'd-']);
  for (const page of [1, 2, 100]) {
    expect(await hierarchy(box, '', page)).toEqual(['a', 'b/', 'd', 'd-', 'd/']);
    expect(await hierarchy(box, 'b/', page)).toEqual(['b/1', 'b/2', 'b/c/']);
  }
  await box.getBlobClient('d/1').delete();
  expect(await hierarchy(box, 'd', 10)).toEqual(['d', 'd-']);
});

conform(
  ['List Blobs'],
  'shows properties, metadata and versions when asked',
  async () => {
    const box = await startWithBlobs([], true);
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
  },
  { feature: 'versions' },
);

conform(['List Containers'], 'lists the containers of the account by prefix, page by page', async () => {
  const made: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    made.push((await suite.freshContainer({ prefix: 'conf-listed' })).containerName);
  }
  const found: string[] = [];
  const pages = suite.service().listContainers({ prefix: 'conf-listed-' }).byPage({ maxPageSize: 2 });
  for await (const { containerItems } of pages) {
    expect(containerItems.length).toBeLessThanOrEqual(2);
    found.push(...containerItems.map(({ name }) => name));
  }
  expect(found).toEqual(made.sort());
});

conform(['List Blobs'], 'refuses page sizes, markers and includes that it cannot honour', async () => {
  const box = await startWithBlobs(['a']);
  const list = async (query: string) => {
    const answer = await suite.raw('GET', `/${box.containerName}?restype=container&comp=list&${query}`);
    return answer.status;
  };
  expect(await list('maxresults=0')).toBe(400);
  expect(await list('maxresults=x')).toBe(400);
  expect(await list('marker=garbage')).toBe(400);
  expect(await list('prefix=a&prefix=b')).toBe(400);
  expect(await list('maxresults=999999')).toBe(200);
});
