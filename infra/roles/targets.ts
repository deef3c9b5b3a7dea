/** What roles are assigned on, as Bicep: resources that exist, and how each is reached from its parent. */

export interface Existing {
  readonly symbol: string;
  readonly type: string;
  readonly apiVersion: string;
  /** A Bicep expression. */
  readonly name: string;
  readonly parent?: Existing;
}

export interface Target {
  readonly existing: Existing;
  /** A Bicep condition under which the resource is deployed. */
  readonly onlyIf?: string;
}

/** Names may be empty where a resource is not deployed; an empty name would not be a valid id. */
const orNone = (parameter: string): string => `empty(${parameter}) ? 'none' : ${parameter}`;

function account(symbol: string, parameter: string): Existing {
  const type = 'Microsoft.Storage/storageAccounts';
  return { symbol, type, apiVersion: '2025-06-01', name: parameter };
}

function container(symbol: string, of: Existing, blobService: string, name: string): Existing {
  const service: Existing = {
    symbol: blobService,
    type: 'Microsoft.Storage/storageAccounts/blobServices',
    apiVersion: '2025-06-01',
    name: "'default'",
    parent: of,
  };
  const type = 'Microsoft.Storage/storageAccounts/blobServices/containers';
  return { symbol, type, apiVersion: '2025-06-01', name, parent: service };
}

const namespace: Existing = {
  symbol: 'namespace',
  type: 'Microsoft.ServiceBus/namespaces',
  apiVersion: '2024-01-01',
  name: 'serviceBusNamespaceName',
};

function queue(symbol: string, name: string): Existing {
  const type = 'Microsoft.ServiceBus/namespaces/queues';
  return { symbol, type, apiVersion: '2024-01-01', name, parent: namespace };
}

function key(symbol: string, name: string, vaultName: string): Existing {
  const apiVersion = '2025-05-01';
  const vault: Existing = { symbol: 'vault', type: 'Microsoft.KeyVault/vaults', apiVersion, name: vaultName };
  return { symbol, type: 'Microsoft.KeyVault/vaults/keys', apiVersion, name, parent: vault };
}

const modelsAccount = account('modelsAccount', 'modelsAccountName');
const updatesAccount = account('updatesAccount', 'updatesAccountName');

const targets: Readonly<Record<string, Target>> = {
  'storage/host': { existing: account('hostAccount', 'hostAccountName') },
  telemetry: {
    existing: {
      symbol: 'applicationInsights',
      type: 'Microsoft.Insights/components',
      apiVersion: '2020-02-02',
      name: 'applicationInsightsName',
    },
  },
  taskhub: {
    onlyIf: '!empty(schedulerName)',
    existing: {
      symbol: 'taskHub',
      type: 'Microsoft.DurableTask/schedulers/taskHubs',
      apiVersion: '2026-02-01',
      name: orNone('taskHubName'),
      parent: {
        symbol: 'scheduler',
        type: 'Microsoft.DurableTask/schedulers',
        apiVersion: '2026-02-01',
        name: orNone('schedulerName'),
      },
    },
  },
  'blob/models/*': { existing: modelsAccount },
  'blob/models/models': {
    existing: container('modelsContainer', modelsAccount, 'modelsBlobService', "'models'"),
  },
  'blob/models/rounds': {
    existing: container('roundsContainer', modelsAccount, 'modelsBlobService', "'rounds'"),
  },
  'blob/updates/shards': {
    existing: container('shardsContainer', updatesAccount, 'updatesBlobService', "'shards'"),
  },
  'blob/updates/updates-{silo}': {
    existing: container('updatesContainer', updatesAccount, 'updatesBlobService', "'updates-${silo}'"),
  },
  'servicebus/queues/updates': { existing: queue('updatesQueue', "'updates'") },
  'servicebus/queues/signals': { existing: queue('signalsQueue', "'signals'") },
  'servicebus/queues/silo-{silo}': { existing: queue('siloQueue', "'silo-${silo}'") },
  'keyvault/coordinator/keys/plan-signing': {
    onlyIf: '!empty(vaultName)',
    existing: key('planSigningKey', 'planSigningKeyName', orNone('vaultName')),
  },
  'keyvault/silo/keys/kek': { existing: key('kek', 'kekName', 'vaultName') },
  'keyvault/silo/keys/sig': { existing: key('sig', 'sigName', 'vaultName') },
};

/** @throws for a scope that no module knows how to reach. */
export function targetOf(scope: string): Target {
  const target = targets[scope];
  if (target === undefined) throw new Error(`no Bicep is known for the scope ${scope}`);
  return target;
}

/** These and their parents, each once, parents first. */
export function withParents(existing: readonly Existing[]): Existing[] {
  const all = new Map<string, Existing>();
  const add = (one: Existing): void => {
    if (one.parent !== undefined) add(one.parent);
    all.set(one.symbol, one);
  };
  for (const one of existing) add(one);
  return [...all.values()];
}
