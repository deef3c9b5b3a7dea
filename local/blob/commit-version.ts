import { requireRightToPut } from './access.ts';
import { immutable } from './blob-error.ts';
import { checkWriteConditions } from './conditions.ts';
import type { ContainerState } from './container-state.ts';
import { type BlobEntry, isProtected, type Version, type VersionDraft } from './model.ts';
import type { OperationContext } from './operation.ts';
import { etagOf, versionIdOf } from './version-clock.ts';

/** Runs with no other change of the addressed blob between its start and its end. */
export function withBlob<T>(
  context: OperationContext,
  state: ContainerState,
  task: (entry: BlobEntry | undefined) => Promise<T>,
): Promise<T> {
  const { account, container, blob } = context.request;
  return context.catalog.exclusively(account, container, blob, () => task(state.get(blob)));
}

/** May the blob get new content now: right, conditions, protection. Cheap, so also asked before a body is read. */
export function checkPut(
  context: OperationContext,
  state: ContainerState,
  current: Version | undefined,
): void {
  requireRightToPut(context, current);
  checkWriteConditions(context.request, current);
  // Under versioning the protected version stays, as a previous one.
  if (current !== undefined && !state.container.versioning && isProtected(current, context.now()))
    throw immutable();
}

/**
 * Makes the draft the current version. Call it inside {@link withBlob}, after the checks.
 * @param keep `created`: the time of creation that stays; `staged`: blocks still to be committed stay
 */
export async function commitVersion(
  context: OperationContext,
  draft: VersionDraft,
  keep: { readonly created?: number; readonly staged?: true } = {},
): Promise<Version> {
  const { account, container, blob } = context.request;
  const modified = context.now();
  const tick = context.catalog.nextTick(modified);
  const created = keep.created ?? modified;
  const version = { ...draft, id: versionIdOf(tick), etag: etagOf(tick), created, modified };
  const keepStaged = keep.staged === undefined ? {} : { keepStaged: keep.staged };
  await context.catalog.commit({ kind: 'put', account, container, blob, version, tick, ...keepStaged });
  return version;
}

/** Changes properties of a version in place. The ETag changes with `touch` only. */
export async function reviseVersion(
  context: OperationContext,
  version: Version,
  touch: boolean,
): Promise<Version> {
  const { account, container, blob } = context.request;
  const now = context.now();
  const tick = context.catalog.nextTick(now);
  const revised = touch ? { ...version, etag: etagOf(tick), modified: now } : version;
  await context.catalog.commit({ kind: 'revise', account, container, blob, version: revised, tick });
  return revised;
}
