/**
 * Who may do what: the one source of data-plane rights. The embedded cloud enforces this table, the isolation
 * tests run over it, and role assignments in infra/ are derived from it.
 *
 * A scope is a path: `servicebus/queues/{queue}`, `blob/{account}/{container}`, `cosmos/{container}`,
 * `keyvault/{vault}/keys/{key}`. A grant covers exactly its scope or, ending in `/*`, whatever lies under it.
 */
export type DataAction =
  | 'servicebus/send'
  | 'servicebus/receive'
  | 'blob/read'
  | 'blob/list'
  /** Create a blob that does not exist (includes staging its blocks); never overwrite. */
  | 'blob/create'
  | 'blob/write'
  | 'blob/delete'
  /** Obtain a user delegation key, with which the identity signs links limited by its own rights. */
  | 'blob/delegate'
  | 'cosmos/read'
  | 'cosmos/write'
  | 'keys/read'
  | 'keys/sign'
  | 'keys/unwrap'
  /** Create, import, rotate, update, delete keys: the vault's owner only. */
  | 'keys/manage';

export interface Grant {
  readonly action: DataAction;
  readonly scope: string;
}

export function covers(grant: Grant, action: DataAction, scope: string): boolean {
  if (grant.action !== action) return false;
  if (!grant.scope.endsWith('/*')) return grant.scope === scope;
  return scope.startsWith(grant.scope.slice(0, -1));
}
