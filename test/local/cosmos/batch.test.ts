import type { Container, OperationInput } from '@azure/cosmos';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CosmosUnderTest, cosmosUnderTest, DATABASE } from './cosmos-under-test.ts';
import { rawRequest } from './raw-request.ts';

let cosmos: CosmosUnderTest;
let items: Container;

beforeAll(async () => {
  cosmos = await cosmosUnderTest();
  items = await cosmos.container('batched');
});
afterAll(() => cosmos.stop());

const create = (id: string, pk: string, more: object = {}): OperationInput => ({
  operationType: 'Create',
  resourceBody: { id, pk, ...more },
});

async function idsIn(pk: string): Promise<string[]> {
  return (await items.items.query('SELECT VALUE c.id FROM c', { partitionKey: pk }).fetchAll()).resources;
}

describe('a transactional batch', () => {
  it('takes one hundred operations and refuses one more', async () => {
    const operations = Array.from({ length: 100 }, (_, n) => create(`n-${n}`, 'hundred'));
    expect((await items.items.batch(operations, 'hundred')).code).toBe(200);
    expect(await idsIn('hundred')).toHaveLength(100);
    const tooMany = Array.from({ length: 101 }, (_, n) => create(`m-${n}`, 'too-many'));
    await expect(items.items.batch(tooMany, 'too-many')).rejects.toThrow('more than 100');
    const raw = await rawRequest(cosmos, {
      method: 'POST',
      path: `/dbs/${DATABASE}/colls/batched/docs`,
      headers: {
        'x-ms-documentdb-partitionkey': '["too-many"]',
        'x-ms-cosmos-is-batch-request': 'True',
        'x-ms-cosmos-batch-atomic': 'True',
      },
      body: JSON.stringify(tooMany),
    });
    expect(raw.status).toBe(400);
    expect(await idsIn('too-many')).toEqual([]);
  });

  it('is refused by name when it is not transactional', async () => {
    const [result] = await items.items.executeBulkOperations([
      { operationType: 'Create', partitionKey: 'bulk', resourceBody: { id: 'b', pk: 'bulk' } },
    ]);
    expect(result?.error?.code).toBe(501);
    expect(await idsIn('bulk')).toEqual([]);
  });
});
