import type { DataAction } from '../../shared/domain/access.ts';
import type { Authorize } from '../core/authorizer.ts';
import type { Principal, VerifyToken } from '../core/principal.ts';
import type { DelegationKeys } from './delegation-keys.ts';

/** Who asks, and what the credential presented lets them do. */
export interface Caller {
  readonly principal: Principal;
  readonly credential: 'token' | 'link';
  may(action: DataAction, scope: string): boolean;
}

export interface Authentication {
  readonly verify: VerifyToken;
  readonly authorize: Authorize;
  readonly keys: DelegationKeys;
  readonly now: () => number;
}
