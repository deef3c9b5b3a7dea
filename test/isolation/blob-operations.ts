import { randomUUID } from 'node:crypto';
import { accounts } from '../../local/cloud/directories.ts';
import type { Clients } from './clients-of.ts';
import type { Operation } from './operation.ts';

/** A blob that lies in each container before the matrix is run. */
export const seed = 'seed';

export function blobOperations(account: 'models' | 'updates', container: string): Operation[] {
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

export function delegation(account: 'models' | 'updates'): Operation {
  const scope = `blob/${accounts[account]}/*`;
  return {
    name: `delegate ${account}`,
    actions: ['blob/delegate'],
    scope,
    run: (clients) => clients.delegation(account),
  };
}

export function containerListing(account: 'models' | 'updates'): Operation {
  return {
    name: `list containers of ${account}`,
    actions: ['blob/list'],
    scope: `blob/${accounts[account]}/*`,
    run: (clients) => clients.account(account).listContainers().next(),
  };
}
