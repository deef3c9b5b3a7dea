import { requireContainer, requireRightToPut } from './access.ts';
import { BlobError, invalidQuery } from './blob-error.ts';
import { withBlob } from './commit-version.ts';
import type { BlobEntry } from './model.ts';
import type { OperationContext, Reply } from './operation.ts';
import { receiveExtent, unlessRefused } from './receive-body.ts';

const MAX_BLOCK_BYTES = 4000 * 1024 * 1024;
const MAX_STAGED_BLOCKS = 100_000;

/** Put Block: stages one block; nobody sees it before a block list names it. */
export async function putBlock(context: OperationContext): Promise<Reply> {
  const { request } = context;
  const state = requireContainer(context, 'blob/create');
  requireRightToPut(context, state.get(request.blob)?.current);
  const id = request.query.get('blockid') ?? '';
  if (!isBlockId(id)) throw invalidQuery('blockid');
  checkFits(state.get(request.blob), id);
  const { extent, length, md5 } = await receiveExtent(context, MAX_BLOCK_BYTES);
  await unlessRefused(context, extent, async () => {
    if (length === 0) throw new BlobError(400, 'InvalidHeaderValue', 'A block must not be empty.');
    await withBlob(context, state, async (entry) => {
      requireRightToPut(context, entry?.current);
      checkFits(entry, id);
      const { account, container, blob } = request;
      const block = { id, extent, length };
      await context.catalog.commit({ kind: 'stage', account, container, blob, block, at: context.now() });
    });
  });
  return {
    status: 201,
    headers: { 'content-md5': md5.toString('base64'), 'x-ms-request-server-encrypted': 'true' },
  };
}

function isBlockId(id: string): boolean {
  const bytes = Buffer.from(id, 'base64');
  return bytes.length > 0 && bytes.length <= 64 && bytes.toString('base64') === id;
}

/** All block ids of a blob have one length. */
function checkFits(entry: BlobEntry | undefined, id: string): void {
  if (entry === undefined) return;
  const [first] = entry.staged.keys();
  const sample = first ?? entry.current?.blocks[0]?.id;
  if (sample !== undefined && sample !== '' && sample.length !== id.length) {
    throw new BlobError(400, 'InvalidBlobOrBlock', 'The specified blob or block content is invalid.');
  }
  if (entry.staged.size >= MAX_STAGED_BLOCKS && !entry.staged.has(id)) {
    throw new BlobError(
      409,
      'BlockCountExceedsLimit',
      'The uncommitted block count cannot exceed the maximum limit of 100,000 blocks.',
    );
  }
}
