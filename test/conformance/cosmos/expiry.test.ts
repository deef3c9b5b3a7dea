import type { Container } from '@azure/cosmos';
import { expect } from 'vitest';
import { refusal } from '../../local/cosmos/cosmos-under-test.ts';
import { cosmosSuite } from './cosmos-backend.ts';

const suite = cosmosSuite();
const { conform } = suite;

async function ids(container: Container): Promise<string[]> {
  const { resources } = await container.items
    .query('SELECT VALUE c.id FROM c ORDER BY c.id', { partitionKey: 'p' })
    .fetchAll();
  return resources;
}

conform(
  ['items/create', 'items/read', 'items/query'],
  'an expired item is neither read nor found, and its id is free',
  async () => {
    const items = await suite.container('short', 2);
    await items.items.create({ id: 'default', pk: 'p' });
    await items.items.create({ id: 'own', pk: 'p', ttl: 600 });
    await items.items.create({ id: 'never', pk: 'p', ttl: -1 });
    await expect.poll(() => ids(items), { timeout: 15_000, interval: 200 }).toEqual(['never', 'own']);
    expect((await items.item('default', 'p').read()).statusCode).toBe(404);
    expect((await items.items.create({ id: 'default', pk: 'p', ttl: -1 })).statusCode).toBe(201);
  },
);

conform(['items/create'], 'without a lifetime on the container none on an item counts', async () => {
  const items = await suite.container('off');
  await items.items.create({ id: 'timed', pk: 'p', ttl: 1 });
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(await ids(items)).toEqual(['timed']);
});

conform(['items/create'], 'a lifetime of zero or less than -1 is refused', async () => {
  const items = await suite.container('odd', 60);
  for (const ttl of [0, -2]) {
    expect((await refusal(items.items.create({ id: 'a', pk: 'p', ttl }))).code).toBe(400);
  }
});
