import { requireContainer } from './access.ts';
import { BlobError, notImplemented } from './blob-error.ts';
import { checkPut, commitVersion, withBlob } from './commit-version.ts';
import { parseMetadata } from './names.ts';
import type { OperationContext, Reply } from './operation.ts';
import { versionIdHeader, writtenHeaders } from './read-headers.ts';
import { receiveExtent, unlessRefused } from './receive-body.ts';
import { parseContentHeaders, parseProtection } from './write-headers.ts';

const MAX_BLOB_BYTES = 5000 * 1024 * 1024;

/** Put Blob: the whole content in one request. */
export async function putBlob(context: OperationContext): Promise<Reply> {
  const { request } = context;
  requireBlockBlob(context);
  const state = requireContainer(context, 'blob/create');
  checkPut(context, state, state.get(request.blob)?.current);
  const content = parseContentHeaders(request, request.header('content-type'));
  const metadata = parseMetadata(request.metadata);
  const protection = parseProtection(request, state, context.now());
  const { extent, length, md5 } = await receiveExtent(context, MAX_BLOB_BYTES, 'inline');
  const committed = await unlessRefused(context, extent, () =>
    withBlob(context, state, async (entry) => {
      checkPut(context, state, entry?.current);
      return commitVersion(context, {
        length,
        blocks: [{ id: '', extent, length }],
        content: { 'content-md5': md5.toString('base64'), ...content },
        metadata,
        ...protection,
      });
    }),
  );
  if (length === 0) await context.extents.discard(extent);
  return {
    status: 201,
    headers: {
      ...writtenHeaders(committed),
      ...versionIdHeader(state, committed),
      'content-md5': md5.toString('base64'),
    },
  };
}

function requireBlockBlob({ request }: OperationContext): void {
  const type = request.header('x-ms-blob-type');
  if (type === 'BlockBlob') return;
  if (type === 'AppendBlob' || type === 'PageBlob') throw notImplemented(`Put Blob of type ${type}`);
  throw new BlobError(
    400,
    'MissingRequiredHeader',
    'An HTTP header that is mandatory is not specified: x-ms-blob-type.',
  );
}
