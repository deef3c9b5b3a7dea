import { requireContainer } from './access.ts';
import { BlobError, blobNotFound, immutable, notImplemented } from './blob-error.ts';
import { withBlob } from './commit-version.ts';
import { checkWriteConditions } from './conditions.ts';
import type { ContainerState } from './container-state.ts';
import { findVersion } from './find-version.ts';
import { isProtected } from './model.ts';
import type { OperationContext, Reply } from './operation.ts';

/** Delete Blob: the current version, which versioning keeps as a previous one, or one previous version for good. */
export async function deleteBlob(context: OperationContext): Promise<Reply> {
  const { request } = context;
  const state = requireContainer(context, 'blob/delete');
  // There are no snapshots, so a request to delete them along is one to delete the blob.
  if ((request.header('x-ms-delete-snapshots') ?? 'include').toLowerCase() !== 'include') {
    throw notImplemented('Delete Blob of snapshots only');
  }
  if (request.query.has('versionid')) return deleteVersion(context, state);
  const { versioning } = state.container;
  const { account, container, blob } = request;
  await withBlob(context, state, async (entry) => {
    const current = entry?.current;
    if (current === undefined) throw blobNotFound();
    checkWriteConditions(request, current);
    if (!versioning && isProtected(current, context.now())) throw immutable();
    await context.catalog.commit({ kind: 'delete', account, container, blob, id: current.id });
  });
  return { status: 202, headers: { 'x-ms-delete-type-permanent': String(!versioning) } };
}

async function deleteVersion(context: OperationContext, state: ContainerState): Promise<Reply> {
  const { account, container, blob } = context.request;
  await withBlob(context, state, async (entry) => {
    const { version, isCurrent } = findVersion(context.request, entry);
    checkWriteConditions(context.request, version);
    if (isProtected(version, context.now())) throw immutable();
    if (isCurrent) {
      throw new BlobError(
        403,
        'OperationNotAllowedOnRootBlob',
        'The current version cannot be deleted by its version id: delete the blob first.',
      );
    }
    await context.catalog.commit({ kind: 'delete-version', account, container, blob, id: version.id });
  });
  return { status: 202, headers: { 'x-ms-delete-type-permanent': 'true' } };
}
