import type { DataAction } from '../../shared/domain/access.ts';
import type { Authorize } from '../core/authorizer.ts';
import type { Principal } from '../core/principal.ts';

/** By the role table in force right now. Who may write may also create. */
export function isGranted(
  authorize: Authorize,
  principal: Principal,
  action: DataAction,
  scope: string,
): boolean {
  if (authorize(principal, action, scope)) return true;
  return action === 'blob/create' && authorize(principal, 'blob/write', scope);
}
