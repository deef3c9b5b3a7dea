/** Every kind of access to every resource of a cloud with silos `a` and `b`, as the official clients ask for it. */
import { randomUUID } from 'node:crypto';
import { accounts, coordinatorVault, siloVault } from '../../local/cloud/directories.ts';
import type { DataAction } from '../../shared/domain/access.ts';
import { blobContainers, cosmosContainers, keyNames, queues } from '../../shared/domain/resources.ts';
import type { Clients } from './clients-of.ts';

export interface Operation {
  /** `receive silo-a`. */
  readonly name: string;
  readonly action: DataAction;
  readonly scope: string;
  readonly run: (clients: Clients) => Promise<unknown>;
}

export interface KeyUnderTest {
  readonly vault: string;
  readonly endpoint: string;
  readonly key: string;
  readonly kid: string;
  /** A data key that only the private half opens. */
  readonly wrapped: Uint8Array;
}

export const silos = ['a', 'b'] as const;
/** A blob that lies in each container before the matrix is run. */
export const seed = 'seed';

export function operationsOn(keys: readonly KeyUnderTest[]): Operation[] {
  return [
    ...[...silos.map(queues.silo), queues.updates, queues.signals].flatMap(queueOperations),
    ...[blobContainers.models, blobContainers.rounds].flatMap((name) => blobOperations('models', name)),
    ...silos.map(blobContainers.updates).flatMap((name) => blobOperations('updates', name)),
    ...(['models', 'updates'] as const).map(delegation),
    ...Object.values(cosmosContainers).flatMap(({ name, partitionKey }) =>
      cosmosOperations(name, partitionKey.slice(1)),
    ),
    ...keys.flatMap(keyOperations),
  ];
}

function queueOperations(queue: string): Operation[] {
  const scope = `servicebus/queues/${queue}`;
  return [
    {
      name: `peek ${queue}`,
      action: 'servicebus/receive',
      scope,
      run: ({ bus }) => bus.createReceiver(queue).peekMessages(1),
    },
    {
      name: `receive ${queue}`,
      action: 'servicebus/receive',
      scope,
      run: ({ bus }) => bus.createReceiver(queue).receiveMessages(1, { maxWaitTimeInMs: 50 }),
    },
    {
      name: `receive dead letters of ${queue}`,
      action: 'servicebus/receive',
      scope,
      run: ({ bus }) => bus.createReceiver(queue, { subQueueType: 'deadLetter' }).peekMessages(1),
    },
    {
      name: `send ${queue}`,
      action: 'servicebus/send',
      scope,
      run: ({ bus }) => bus.createSender(queue).sendMessages({ body: 'hello' }),
    },
  ];
}

function blobOperations(account: 'models' | 'updates', container: string): Operation[] {
  const scope = `blob/${accounts[account]}/${container}`;
  const seeded = (clients: Clients) => clients.blob(account, container, seed);
  return [
    {
      name: `read ${container}`,
      action: 'blob/read',
      scope,
      run: (clients) => seeded(clients).downloadToBuffer(),
    },
    {
      name: `list ${container}`,
      action: 'blob/list',
      scope,
      run: (clients) => clients.blobs(account, container).listBlobsFlat().next(),
    },
    {
      name: `create ${container}`,
      action: 'blob/create',
      scope,
      run: (clients) => clients.blob(account, container, randomUUID()).upload('new', 3),
    },
    {
      name: `overwrite ${container}`,
      action: 'blob/write',
      scope,
      run: (clients) => seeded(clients).upload('changed', 7),
    },
    {
      name: `annotate ${container}`,
      action: 'blob/write',
      scope,
      run: (clients) => seeded(clients).setMetadata({ changed: 'yes' }),
    },
    {
      name: `delete ${container}`,
      action: 'blob/delete',
      scope,
      run: (clients) => seeded(clients).delete(),
    },
  ];
}

function delegation(account: 'models' | 'updates'): Operation {
  const scope = `blob/${accounts[account]}/*`;
  return {
    name: `delegate ${account}`,
    action: 'blob/delegate',
    scope,
    run: (clients) => clients.delegation(account),
  };
}

function cosmosOperations(container: string, partition: string): Operation[] {
  const scope = `cosmos/${container}`;
  const document = () => ({ id: randomUUID(), [partition]: 'matrix' });
  const read = (name: string, run: Operation['run']): Operation => {
    return { name: `${name} ${container}`, action: 'cosmos/read', scope, run };
  };
  const write = (name: string, run: Operation['run']): Operation => {
    return { name: `${name} ${container}`, action: 'cosmos/write', scope, run };
  };
  return [
    read('point-read', ({ cosmos }) => cosmos(container).item('none', 'matrix').read()),
    read('query', ({ cosmos }) => cosmos(container).items.query('SELECT * FROM c').fetchAll()),
    write('create item', ({ cosmos }) => cosmos(container).items.create(document())),
    write('upsert item', ({ cosmos }) => cosmos(container).items.upsert(document())),
  ];
}

function keyOperations({ vault, endpoint, key, kid, wrapped }: KeyUnderTest): Operation[] {
  const scope = `keyvault/${vault}/keys/${key}`;
  const named = (verb: string) => `${verb} ${vault}/${key}`;
  // What the key is for; the SDK itself turns down the other use.
  const use: Operation =
    key === keyNames.kek
      ? {
          name: named('unwrap'),
          action: 'keys/unwrap',
          scope,
          run: (clients) => clients.crypto(kid).unwrapKey('RSA-OAEP-256', wrapped),
        }
      : {
          name: named('sign'),
          action: 'keys/sign',
          scope,
          run: (clients) => clients.crypto(kid).sign('ES256', Buffer.alloc(32, 7)),
        };
  return [
    {
      name: named('get'),
      action: 'keys/read',
      scope,
      run: (clients) => clients.keys(endpoint).getKey(key),
    },
    use,
    {
      name: named('create version of'),
      action: 'keys/manage',
      scope,
      run: (clients) => clients.keys(endpoint).createKey(key, 'EC', { curve: 'P-256' }),
    },
    {
      name: named('disable'),
      action: 'keys/manage',
      scope,
      run: (clients) => clients.keys(endpoint).updateKeyProperties(key, { enabled: false }),
    },
    {
      name: named('delete'),
      action: 'keys/manage',
      scope,
      run: (clients) => clients.keys(endpoint).beginDeleteKey(key),
    },
  ];
}

/** Where the keys of the coordinator and of both silos lie. */
export const vaults = [
  { vault: coordinatorVault, keys: [keyNames.planSigning] },
  ...silos.map((silo) => ({ vault: siloVault(silo), keys: [keyNames.kek, keyNames.sig] })),
];
