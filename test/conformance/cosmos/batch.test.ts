import type { Container, OperationInput } from '@azure/cosmos';
import { beforeAll, expect } from 'vitest';
import { refusal } from '../../local/cosmos/cosmos-under-test.ts';
import { cosmosSuite } from './cosmos-backend.ts';

const suite = cosmosSuite();
const { conform } = suite;
let items: Container;
beforeAll(async () => {
  items = await suite.container('batched');
});

const create = (id: string, pk: string, more: object = {}): OperationInput => ({
  operationType: 'Create',
  resourceBody: { id, pk, ...more },
});

async function idsIn(pk: string): Promise<string[]> {
  return (await items.items.query('SELECT VALUE c.id FROM c', { partitionKey: pk }).fetchAll()).resources;
}

conform(
  ['items/batch'],
  'a batch runs every kind of operation in order, each seeing those before it',
  async () => {
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
  },
);

conform(['items/batch'], 'a batch comes back without content where the client asks for none', async () => {
  const response = await items.items.batch(
    [create('quiet', 'quiet'), { operationType: 'Read', id: 'quiet' }],
    'quiet',
    { contentResponseOnWriteEnabled: false },
  );
  expect(response.result?.[0]).toMatchObject({ statusCode: 201, eTag: expect.any(String) });
  expect(response.result?.[0]).not.toHaveProperty('resourceBody');
  expect(response.result?.[1]?.resourceBody).toMatchObject({ id: 'quiet' });
});

conform(['items/batch'], 'a batch is refused past 2 MB', async () => {
  const half = 'x'.repeat(1024 * 1024);
  const work = items.items.batch([create('a', 'big', { half }), create('b', 'big', { half })], 'big');
  const { message } = await refusal(work);
  expect(message).toContain('size limit');
  expect(await idsIn('big')).toEqual([]);
});

conform(['items/batch'], 'a batch and another that count the same thing never both win', async () => {
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

const FAILURES: readonly (readonly [string, OperationInput, number])[] = [
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
];
for (const [name, failing, status] of FAILURES) {
  conform(['items/batch'], `a batch leaves nothing behind when ${name} fails it`, async () => {
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
}

conform(['items/batch'], 'a batch takes one hundred operations', async () => {
  const create = (n: number): OperationInput => ({
    operationType: 'Create',
    resourceBody: { id: `n-${n}`, pk: 'hundred' },
  });
  const operations = Array.from({ length: 100 }, (_, n) => create(n));
  expect((await items.items.batch(operations, 'hundred')).code).toBe(200);
  const count = items.items.query('SELECT VALUE COUNT(1) FROM c', { partitionKey: 'hundred' });
  expect((await count.fetchAll()).resources).toEqual([100]);
});
