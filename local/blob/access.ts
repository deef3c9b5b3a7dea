/** Rights are checked before existence, so that a stranger cannot tell a missing resource from a forbidden one. */
import type { DataAction } from '../../shared/domain/access.ts';
import { BlobError, blobAlreadyExists, permissionMismatch } from './blob-error.ts';
import type { BlobRequest } from './blob-request.ts';
import { isCreateOnly } from './conditions.ts';
import type { ContainerState } from './container-state.ts';
import type { Version } from './model.ts';
import type { OperationContext } from './operation.ts';

/** The container asked for, when the caller has at least one of the rights on it. Throws 403, then 404. */
export function requireContainer(context: OperationContext, ...actions: DataAction[]): ContainerState {
  const scope = containerScope(context.request);
  if (!actions.some((action) => context.caller.may(action, scope))) throw permissionMismatch();
  const { account, container } = context.request;
  const state = context.catalog.container(account, container);
  if (state === undefined)
    throw new BlobError(404, 'ContainerNotFound', 'The specified container does not exist.');
  return state;
}

/** For rights on the whole account. Throws 403. */
export function requireOnAccount(context: OperationContext, action: DataAction): void {
  if (!context.caller.may(action, `blob/${context.request.account}/*`)) throw permissionMismatch();
}

/**
 * Whether the caller may give the blob new content: `blob/write` always, `blob/create` only where there is none.
 * Throws 409 to a creator who asked for creation only, 403 to one who would overwrite.
 */
export function requireRightToPut(context: OperationContext, current: Version | undefined): void {
  const scope = containerScope(context.request);
  if (context.caller.may('blob/write', scope)) return;
  if (!context.caller.may('blob/create', scope)) throw permissionMismatch();
  if (current === undefined) return;
  throw isCreateOnly(context.request) ? blobAlreadyExists() : permissionMismatch();
}

function containerScope(request: BlobRequest): string {
  return `blob/${request.account}/${request.container}`;
}
