import { requireContainer } from './access.ts';
import { blobNotFound, immutable } from './blob-error.ts';
import { commitVersion, reviseVersion, withBlob } from './commit-version.ts';
import { checkWriteConditions } from './conditions.ts';
import type { ContainerState } from './container-state.ts';
import { isProtected, type Version } from './model.ts';
import { parseMetadata } from './names.ts';
import type { OperationContext, Reply } from './operation.ts';
import { versionIdHeader, writtenHeaders } from './read-headers.ts';
import { parseContentHeaders } from './write-headers.ts';

/** Set Blob Metadata: replaces all of it. Under versioning this makes a new version with the same content. */
export async function setBlobMetadata(context: OperationContext): Promise<Reply> {
  const metadata = parseMetadata(context.request.metadata);
  return change(context, (state, current) => {
    const { length, blocks, content, created } = current;
    if (!state.container.versioning) return reviseVersion(context, { ...current, metadata }, true);
    return commitVersion(context, { length, blocks, content, metadata }, { created, staged: true });
  });
}

/** Set Blob Properties: replaces the content headers of the current version; what is left out is cleared. */
export async function setBlobProperties(context: OperationContext): Promise<Reply> {
  const content = parseContentHeaders(context.request);
  return change(context, (_state, current) => reviseVersion(context, { ...current, content }, true));
}

async function change(
  context: OperationContext,
  make: (state: ContainerState, current: Version) => Promise<Version>,
): Promise<Reply> {
  const state = requireContainer(context, 'blob/write');
  const version = await withBlob(context, state, async (entry) => {
    const current = entry?.current;
    if (current === undefined) throw blobNotFound();
    checkWriteConditions(context.request, current);
    if (isProtected(current, context.now())) throw immutable();
    return make(state, current);
  });
  return { status: 200, headers: { ...writtenHeaders(version), ...versionIdHeader(state, version) } };
}
