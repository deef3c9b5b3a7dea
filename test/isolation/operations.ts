/** Every kind of access to every resource of a cloud with silos `a` and `b`, as the official clients ask for it. */
import { randomUUID } from 'node:crypto';
import { coordinatorVault, siloVault } from '../../local/cloud/directories.ts';
import { blobContainers, cosmosContainers, keyNames, queues } from '../../shared/domain/resources.ts';
import { blobOperations, containerListing, delegation } from './blob-operations.ts';
import { type KeyUnderTest, keyOperations, vaultListing } from './key-operations.ts';
import type { Operation } from './operation.ts';

export const silos = ['a', 'b'] as const;
export function operationsOn(keys: readonly KeyUnderTest[]): Operation[] {
  return [
    ...[...silos.map(queues.silo), queues.updates, queues.signals].flatMap(queueOperations),
    ...[blobContainers.models, blobContainers.rounds].flatMap((name) => blobOperations('models', name)),
    ...[blobContainers.shards, ...silos.map(blobContainers.updates)].flatMap((name) =>
      blobOperations('updates', name),
    ),
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
