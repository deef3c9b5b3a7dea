import { blobContainers, cosmosContainers, keyNames, queues } from './resources.ts';

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

/** Where a deployment keeps its resources, as scopes name them. */
export interface AccessTopology {
  readonly modelsAccount: string;
  readonly updatesAccount: string;
  readonly coordinatorVault: string;
  /** Every admitted silo and the vault that it owns. */
  readonly silos: readonly { readonly silo: string; readonly vault: string }[];
}

/** Sends plans and outcomes, reads replies, keeps the ledger, writes models, signs plans. */
export function coordinatorGrants(topology: AccessTopology): Grant[] {
  const { modelsAccount, coordinatorVault } = topology;
  return [
    ...topology.silos.map(({ silo }) => grant('servicebus/send', `servicebus/queues/${queues.silo(silo)}`)),
    grant('servicebus/receive', `servicebus/queues/${queues.updates}`),
    // Puts back what landed in the dead-letter queue by a fault of ours.
    grant('servicebus/send', `servicebus/queues/${queues.updates}`),
    grant('servicebus/receive', `servicebus/queues/${queues.signals}`),
    ...Object.values(cosmosContainers).flatMap(({ name }) => [
      grant('cosmos/read', `cosmos/${name}`),
      grant('cosmos/write', `cosmos/${name}`),
    ]),
    ...[blobContainers.models, blobContainers.rounds].flatMap((container) => [
      grant('blob/read', `blob/${modelsAccount}/${container}`),
      grant('blob/create', `blob/${modelsAccount}/${container}`),
    ]),
    grant('blob/delegate', `blob/${modelsAccount}/*`),
    grant('keys/read', `keyvault/${coordinatorVault}/keys/${keyNames.planSigning}`),
    grant('keys/sign', `keyvault/${coordinatorVault}/keys/${keyNames.planSigning}`),
  ];
}

/**
 * Opens sealed updates: reads each silo's container and may unwrap with each silo's KEK. Keeps what it has made of a
 * large model until that is whole. Nothing else.
 */
export function aggregatorGrants({ updatesAccount, silos }: AccessTopology): Grant[] {
  const shards = `blob/${updatesAccount}/${blobContainers.shards}`;
  return [
    grant('blob/read', shards),
    grant('blob/create', shards),
    grant('blob/delete', shards),
    ...silos.flatMap(({ silo, vault }) => [
      grant('blob/read', `blob/${updatesAccount}/${blobContainers.updates(silo)}`),
      grant('keys/read', `keyvault/${vault}/keys/${keyNames.kek}`),
      grant('keys/unwrap', `keyvault/${vault}/keys/${keyNames.kek}`),
    ]),
  ];
}

/** One silo's agent: its own queue, its own container, its own keys, the two shared reply queues. */
export function siloGrants(
  topology: Pick<AccessTopology, 'updatesAccount'>,
  silo: string,
  vault: string,
): Grant[] {
  return [
    grant('servicebus/receive', `servicebus/queues/${queues.silo(silo)}`),
    grant('servicebus/send', `servicebus/queues/${queues.updates}`),
    grant('servicebus/send', `servicebus/queues/${queues.signals}`),
    grant('blob/create', `blob/${topology.updatesAccount}/${blobContainers.updates(silo)}`),
    grant('keys/read', `keyvault/${vault}/keys/${keyNames.kek}`),
    grant('keys/read', `keyvault/${vault}/keys/${keyNames.sig}`),
    grant('keys/sign', `keyvault/${vault}/keys/${keyNames.sig}`),
  ];
}

function grant(action: DataAction, scope: string): Grant {
  return { action, scope };
}
