import type { DataAction } from '../../shared/domain/access.ts';
import type { Principal } from './principal.ts';

/** Decides by the role table in force right now, so that a revoked grant takes effect on the next request. */
export type Authorize = (principal: Principal, action: DataAction, scope: string) => boolean;
