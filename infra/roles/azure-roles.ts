/**
 * What our data actions are in Azure's terms. A role covers some of them and, where Azure draws its lines elsewhere,
 * allows more: `beyond` says what. Azure's actions are those of "Permissions for Blob service operations" and of
 * "Azure permissions for Security" (Key Vault); none was tried against Azure.
 */
import type { DataAction } from '../../shared/domain/access.ts';

interface Role {
  /** In Bicep, and the seed of a custom definition's id. */
  readonly symbol: string;
  readonly name: string;
  readonly covers: readonly DataAction[];
  /** What the role allows that our table does not ask for. */
  readonly beyond?: string;
  /** A condition on each assignment (Azure attribute-based access control). */
  readonly condition?: string;
}

export interface BuiltInRole extends Role {
  readonly kind: 'built-in';
  readonly id: string;
}

export interface CustomRole extends Role {
  readonly kind: 'custom';
  readonly dataActions: readonly string[];
}

/** A role of Cosmos DB's own, which Azure's role assignments do not know. */
export interface CosmosRole extends Role {
  readonly kind: 'cosmos';
  readonly dataActions: readonly string[];
}

export type AzureRole = BuiltInRole | CustomRole | CosmosRole;

const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const keys = 'Microsoft.KeyVault/vaults/keys';
const containers = 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers';

export const azureRoles = [
  {
    kind: 'built-in',
    symbol: 'serviceBusSender',
    id: '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39',
    name: 'Azure Service Bus Data Sender',
    covers: ['servicebus/send'],
    beyond: "reads the queue's properties",
  },
  {
    kind: 'built-in',
    symbol: 'serviceBusReceiver',
    id: '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0',
    name: 'Azure Service Bus Data Receiver',
    covers: ['servicebus/receive'],
    beyond: "reads the queue's properties",
  },
  {
    kind: 'built-in',
    symbol: 'blobDelegator',
    id: 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a',
    name: 'Storage Blob Delegator',
    covers: ['blob/delegate'],
  },
  {
    kind: 'custom',
    symbol: 'blobReader',
    name: 'Tributary blob reader',
    dataActions: [`${blobs}/read`],
    covers: ['blob/read'],
    // The action also lists a container; only a condition tells the two apart.
    condition: `!(ActionMatches{'${blobs}/read'} AND SubOperationMatches{'Blob.List'})`,
  },
  {
    kind: 'custom',
    symbol: 'blobCreator',
    name: 'Tributary blob creator',
    dataActions: [`${blobs}/add/action`, `${blobs}/write`],
    covers: ['blob/create'],
    beyond:
      'overwrites blobs of the same container: `add/action` alone creates a blob in one request, but uploading in ' +
      'blocks needs `write`, and Azure has no action for "create only". What is overwritten stays as an earlier ' +
      'version; updates are pinned by version and digest',
  },
  {
    kind: 'custom',
    symbol: 'blobRemover',
    name: 'Tributary blob remover',
    dataActions: [`${blobs}/delete`],
    covers: ['blob/delete'],
  },
  {
    kind: 'built-in',
    symbol: 'keyUnwrapper',
    id: 'e147488a-f6f5-4113-8e2d-b22465e65bf6',
    name: 'Key Vault Crypto Service Encryption User',
    covers: ['keys/read', 'keys/unwrap'],
    beyond:
      'wraps with the key, which anybody can do who has its public half; manages Event Grid subscriptions',
  },
  {
    kind: 'custom',
    symbol: 'keySigner',
    name: 'Tributary key signer',
    dataActions: [`${keys}/read`, `${keys}/sign/action`],
    covers: ['keys/read', 'keys/sign'],
  },
  {
    kind: 'custom',
    symbol: 'keyReader',
    name: 'Tributary key reader',
    dataActions: [`${keys}/read`],
    covers: ['keys/read'],
  },
  {
    kind: 'cosmos',
    symbol: 'ledgerWriter',
    name: 'Tributary ledger writer',
    dataActions: [
      'Microsoft.DocumentDB/databaseAccounts/readMetadata',
      `${containers}/items/create`,
      `${containers}/items/read`,
      `${containers}/items/replace`,
      `${containers}/items/upsert`,
      `${containers}/executeQuery`,
      `${containers}/readChangeFeed`,
    ],
    covers: ['cosmos/read', 'cosmos/write'],
    beyond: 'reads the change feed, without which the client libraries cannot query',
  },
] as const satisfies readonly AzureRole[];

/**
 * The fewest roles that allow exactly these actions, by our table. Throws for an action that no role covers without
 * covering another that is not asked for: such a grant cannot be given in Azure.
 */
export function rolesFor(actions: ReadonlySet<DataAction>): AzureRole[] {
  const roles: readonly AzureRole[] = azureRoles;
  const left = new Set(actions);
  const chosen: AzureRole[] = [];
  while (left.size > 0) {
    const [best] = roles
      .filter(({ covers }) => covers.every((action) => actions.has(action)))
      .filter(({ covers }) => covers.some((action) => left.has(action)))
      .toSorted((a, b) => b.covers.length - a.covers.length);
    if (best === undefined) throw new Error(`no role of Azure grants exactly ${[...left].join(', ')}`);
    chosen.push(best);
    for (const action of best.covers) left.delete(action);
  }
  return chosen;
}
