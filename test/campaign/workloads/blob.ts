import { BlobServiceClient } from '@azure/storage-blob';
import type { State } from '../ledger.ts';
import { anyCredential, type OpenWorkload } from '../workload.ts';
import { inParallel } from './in-parallel.ts';

const FILLER = '.'.repeat(300);

/** Puts, block lists, overwrites and deletes of six blobs per worker; some versions are kept in the ledger too. */
export const openBlob: OpenWorkload = async ({ port }, ledger) => {
  const service = new BlobServiceClient(`https://127.0.0.1:${port}/campaign`, anyCredential, {
    retryOptions: { maxTries: 1 },
  });
  const box = service.getContainerClient('box');

  async function put(name: string, content: string, inBlocks: boolean): Promise<string | undefined> {
    const blob = box.getBlockBlobClient(name);
    if (!inBlocks) return (await blob.upload(content, content.length)).versionId;
    await blob.stageBlock('AAAA', content.slice(0, 100), 100);
    await blob.stageBlock('BBBB', content.slice(100), content.length - 100);
    return (await blob.commitBlockList(['AAAA', 'BBBB'])).versionId;
  }

  async function contentOf(item: string): Promise<State> {
    const [name = '', version] = item.split('?');
    const blob = box.getBlobClient(name);
    try {
      const bytes = await (version === undefined ? blob : blob.withVersion(version)).downloadToBuffer();
      const text = bytes.toString();
      return text.endsWith(FILLER) ? text.slice(0, -FILLER.length) : `torn: ${text.length} bytes`;
    } catch (error) {
      if (error instanceof Error && 'statusCode' in error && error.statusCode === 404) return null;
      throw error;
    }
  }

  return {
    async step(worker, random) {
      const item = `w${worker}/n${Math.floor(random() * 6)}`;
      if (ledger.inDoubt(item)) return;
      if (ledger.state(item) !== null && random() < 0.25) {
        await ledger.change([item], null, () => box.getBlobClient(item).delete());
        return;
      }
      const state = `${worker} ${random()}`;
      let version: string | undefined;
      await ledger.change([item], state, async () => {
        version = await put(item, state + FILLER, random() < 0.3);
      });
      if (random() < 0.1 && version !== undefined) await ledger.acknowledge(`${item}?${version}`, state);
    },
    look: (items) => inParallel(items, contentOf),
    ping: () => box.getBlobClient('none').exists(),
    close: async () => undefined,
  };
};
