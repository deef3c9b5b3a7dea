/** Every kind of access to every resource of a cloud with silos `a` and `b`, as the official clients ask for it. */
import { randomUUID } from 'node:crypto';
import { accounts, coordinatorVault, siloVault } from '../../local/cloud/directories.ts';
import { blobContainers, cosmosContainers, keyNames, queues } from '../../shared/domain/resources.ts';
import type { Clients } from './clients-of.ts';
import { type KeyUnderTest, keyOperations, vaultListing } from './key-operations.ts';
import type { Operation } from './operation.ts';

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
    ...keys.filter(({ key }) => key !== keyNames.sig).map(vaultListing),
    ...(['models', 'updates'] as const).map(containerListing),
  ];
}

function queueOperations(queue: string): Operation[] {
  const scope = `servicebus/queues/${queue}`;
  return [
    {
      name: `peek ${queue}`,
      actions: ['servicebus/receive'],
      scope,
      run: ({ bus }) => bus.createReceiver(queue).peekMessages(1),
    },
    {
      name: `receive ${queue}`,
      actions: ['servicebus/receive'],
      scope,
      run: ({ bus }) => bus.createReceiver(queue).receiveMessages(1, { maxWaitTimeInMs: 50 }),
    },
    {
      name: `receive dead letters of ${queue}`,
      actions: ['servicebus/receive'],
      scope,
      run: ({ bus }) => bus.createReceiver(queue, { subQueueType: 'deadLetter' }).peekMessages(1),
    },
    {
      name: `take ${queue}`,
      actions: ['servicebus/receive'],
      scope,
      run: ({ bus }) =>
        bus
          .createReceiver(queue, { receiveMode: 'receiveAndDelete' })
          .receiveMessages(1, { maxWaitTimeInMs: 50 }),
    },
    {
      name: `schedule ${queue}`,
      actions: ['servicebus/send'],
      scope,
      run: ({ bus }) =>
        bus.createSender(queue).scheduleMessages({ body: 'later' }, new Date(Date.now() + 3_600_000)),
    },
    {
      name: `send ${queue}`,
      actions: ['servicebus/send'],
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
      actions: ['blob/read'],
      scope,
      run: (clients) => seeded(clients).downloadToBuffer(),
    },
    {
      name: `list ${container}`,
      actions: ['blob/list'],
      scope,
      run: (clients) => clients.blobs(account, container).listBlobsFlat().next(),
    },
    {
      name: `create ${container}`,
      actions: ['blob/create'],
      scope,
      run: (clients) => clients.blob(account, container, randomUUID()).upload('new', 3),
    },
    {
      name: `read properties ${container}`,
      actions: ['blob/read'],
      scope,
      run: (clients) => seeded(clients).getProperties(),
    },
    {
      name: `create in blocks ${container}`,
      actions: ['blob/create'],
      scope,
      async run(clients) {
        const blob = clients.blob(account, container, randomUUID());
        await blob.stageBlock('AAAA', 'new', 3);
        await blob.commitBlockList(['AAAA']);
      },
    },
    {
      name: `stage a block on an existing blob ${container}`,
      actions: ['blob/write'],
      scope,
      run: (clients) => seeded(clients).stageBlock('AAAA', 'x', 1),
    },
    {
      name: `make the container ${container}`,
      actions: [],
      scope,
      run: (clients) => clients.blobs(account, `${container}-more`).create(),
    },
    {
      name: `remove the container ${container}`,
      actions: [],
      scope,
      run: (clients) => clients.blobs(account, container).delete(),
    },
    {
      name: `overwrite ${container}`,
      actions: ['blob/write'],
      scope,
      run: (clients) => seeded(clients).upload('changed', 7),
    },
    {
      name: `annotate ${container}`,
      actions: ['blob/write'],
      scope,
      run: (clients) => seeded(clients).setMetadata({ changed: 'yes' }),
    },
    {
      name: `delete ${container}`,
      actions: ['blob/delete'],
      scope,
      run: (clients) => seeded(clients).delete(),
    },
  ];
}

function delegation(account: 'models' | 'updates'): Operation {
  const scope = `blob/${accounts[account]}/*`;
  return {
    name: `delegate ${account}`,
    actions: ['blob/delegate'],
    scope,
    run: (clients) => clients.delegation(account),
  };
}

function containerListing(account: 'models' | 'updates'): Operation {
  return {
    name: `list containers of ${account}`,
    actions: ['blob/list'],
    scope: `blob/${accounts[account]}/*`,
    run: (clients) => clients.account(account).listContainers().next(),
  };
}

function cosmosOperations(container: string, partition: string): Operation[] {
  const scope = `cosmos/${container}`;
  const document = () => ({ id: randomUUID(), [partition]: 'matrix' });
  const read = (name: string, run: Operation['run']): Operation => {
    return { name: `${name} ${container}`, actions: ['cosmos/read'], scope, run };
  };
  const write = (name: string, run: Operation['run']): Operation => {
    return { name: `${name} ${container}`, actions: ['cosmos/write'], scope, run };
  };
  return [
    read('point-read', ({ cosmos }) => cosmos(container).item('none', 'matrix').read()),
    read('query', ({ cosmos }) => cosmos(container).items.query('SELECT * FROM c').fetchAll()),
    write('replace item', ({ cosmos }) =>
      unlessMissing(
        cosmos(container)
          .item('none', 'matrix')
          .replace({ ...document(), id: 'none' }),
      ),
    ),
    write('patch item', ({ cosmos }) =>
      unlessMissing(
        cosmos(container)
          .item('none', 'matrix')
          .patch([{ op: 'set', path: '/n', value: 1 }]),
      ),
    ),
    write('delete item', ({ cosmos }) => unlessMissing(cosmos(container).item('none', 'matrix').delete())),
    write('write a batch', ({ cosmos }) =>
      cosmos(container).items.batch([{ operationType: 'Create', resourceBody: document() }], 'matrix'),
    ),
    read('read a batch', ({ cosmos }) =>
      cosmos(container).items.batch([{ operationType: 'Read', id: 'none' }], 'matrix'),
    ),
    {
      name: `remove the container ${container}`,
      actions: [],
      scope,
      run: ({ cosmos }) => cosmos(container).delete(),
    },
    write('create item', ({ cosmos }) => cosmos(container).items.create(document())),
    write('upsert item', ({ cosmos }) => cosmos(container).items.upsert(document())),
  ];
}

/** Rights are asked for before existence, so an answer that something is missing means that it was allowed. */
async function unlessMissing(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== 404) throw error;
  });
}

/** Where the keys of the coordinator and of both silos lie. */
export const vaults = [
  { vault: coordinatorVault, keys: [keyNames.planSigning] },
  ...silos.map((silo) => ({ vault: siloVault(silo), keys: [keyNames.kek, keyNames.sig] })),
];
