import type { Container, OperationInput } from '@azure/cosmos';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CosmosUnderTest, cosmosUnderTest, DATABASE, refusal } from './cosmos-under-test.ts';
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
  it('runs every kind of operation in order, each seeing those before it', async () => {
    const { etag } = await items.items.create({ id: 'kept', pk: 'all', n: 1 });
    await items.items.create({ id: 'gone', pk: 'all' });
    const response = await items.items.batch(
      [
        create('new', 'all', { n: 1 }),
        {
          operationType: 'Patch',
          id: 'new',
          resourceBody: { operations: [{ op: 'incr', path: '/n', value: 1 }] },
        },
        { operationType: 'Read', id: 'new' },
        {
          operationType: 'Replace',
          id: 'kept',
          resourceBody: { id: 'kept', pk: 'all', n: 2 },
          ifMatch: etag,
        },
        { operationType: 'Upsert', resourceBody: { id: 'up', pk: 'all' } },
        { operationType: 'Delete', id: 'gone' },
      ],
      'all',
    );
    expect(response.code).toBe(200);
    expect(response.result?.map(({ statusCode }) => statusCode)).toEqual([201, 200, 200, 200, 201, 204]);
    expect(response.result?.[2]?.resourceBody).toMatchObject({ id: 'new', n: 2 });
    expect(response.result?.[3]?.eTag).not.toBe(etag);
    expect((await idsIn('all')).sort()).toEqual(['kept', 'new', 'up']);
  });

  it.each<[string, OperationInput, number]>([
    ['a conflict', create('first', 'fail'), 409],
    ['a missing item', { operationType: 'Delete', id: 'none' }, 404],
    [
      'a stale ETag',
      {
        operationType: 'Replace',
        id: 'base',
        resourceBody: { id: 'base', pk: 'fail' },
        ifMatch: '"old"',
      },
      412,
    ],
    ['another partition', create('stray', 'elsewhere'), 400],
    [
      'a false patch condition',
      {
        operationType: 'Patch',
        id: 'base',
        resourceBody: {
          operations: [{ op: 'set', path: '/n', value: 1 }],
          condition: 'FROM c WHERE c.n = 7',
        },
      },
      412,
    ],
  ])('leaves nothing behind when %s fails it', async (_name, failing, status) => {
    await items.items.upsert({ id: 'base', pk: 'fail' });
    const before = await items.items.query('SELECT * FROM c').fetchAll();
    const response = await items.items.batch(
      [create('first', 'fail'), failing, { operationType: 'Delete', id: 'base' }],
      'fail',
    );
    expect(response.code).toBe(207);
    expect(response.result?.map(({ statusCode }) => statusCode)).toEqual([424, status, 424]);
    const after = await items.items.query('SELECT * FROM c').fetchAll();
    expect(after.resources).toEqual(before.resources);
  });

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

  it('comes back without content where the client asks for none', async () => {
    const response = await items.items.batch(
      [create('quiet', 'quiet'), { operationType: 'Read', id: 'quiet' }],
      'quiet',
      { contentResponseOnWriteEnabled: false },
    );
    expect(response.result?.[0]).toMatchObject({ statusCode: 201, eTag: expect.any(String) });
    expect(response.result?.[0]).not.toHaveProperty('resourceBody');
    expect(response.result?.[1]?.resourceBody).toMatchObject({ id: 'quiet' });
  });

  it('is refused past 2 MB', async () => {
    const half = 'x'.repeat(1024 * 1024);
    const work = items.items.batch([create('a', 'big', { half }), create('b', 'big', { half })], 'big');
    const { message } = await refusal(work);
    expect(message).toContain('size limit');
    expect(await idsIn('big')).toEqual([]);
  });

  it('is refused by name when it is not transactional', async () => {
    const [result] = await items.items.executeBulkOperations([
      { operationType: 'Create', partitionKey: 'bulk', resourceBody: { id: 'b', pk: 'bulk' } },
    ]);
    expect(result?.error?.code).toBe(501);
    expect(await idsIn('bulk')).toEqual([]);
  });

  it('and another that count the same thing never both win', async () => {
    await items.items.create({ id: 'counter', pk: 'count', admitted: 0 });
    const admit = (silo: number) =>
      items.items.batch(
        [
          create(`silo-${silo}`, 'count'),
          {
            operationType: 'Patch',
            id: 'counter',
            resourceBody: {
              operations: [{ op: 'incr', path: '/admitted', value: 1 }],
              condition: 'FROM c WHERE c.admitted < 5',
            },
          },
        ],
        'count',
      );
    // Every silo tries twice: the second meets the first's document.
    const responses = await Promise.all(Array.from({ length: 20 }, (_, n) => admit(n % 10)));
    expect(responses.filter(({ code }) => code === 200)).toHaveLength(5);
    expect((await items.item('counter', 'count').read()).resource?.admitted).toBe(5);
    expect(await idsIn('count')).toHaveLength(6);
  });
});
