import type { Container, FeedOptions, SqlQuerySpec } from '@azure/cosmos';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CosmosUnderTest, cosmosUnderTest, DATABASE, refusal } from './cosmos-under-test.ts';
import { rawRequest } from './raw-request.ts';

let cosmos: CosmosUnderTest;
let items: Container;

const SEED = [
  { id: '1', pk: 'a', n: 3, kind: 'x', tags: ['red'] },
  { id: '2', pk: 'a', n: 1, kind: 'y' },
  { id: '3', pk: 'a', n: 2, kind: 'x', tags: ['blue', 'red'] },
  { id: '4', pk: 'b', n: 9, kind: 'y' },
  { id: '5', pk: 'b', n: 'text', kind: 'z' },
  { id: '6', pk: 'c', kind: null },
];

beforeAll(async () => {
  cosmos = await cosmosUnderTest();
  items = await cosmos.container('queried');
  for (const item of SEED) await items.items.create(item);
});
afterAll(() => cosmos.stop());

async function all(query: string | SqlQuerySpec, options: FeedOptions = {}): Promise<unknown[]> {
  return (await items.items.query(query, options).fetchAll()).resources;
}

describe('a query', () => {
  it('may compose aggregates in one partition, and over all only as the client can in Azure', async () => {
    const composed = 'SELECT VALUE MAX(c.n) - MIN(c.n) FROM c';
    const named = 'SELECT COUNT(1) AS total, MAX(c.n) AS most FROM c';
    expect(await all(composed, { partitionKey: 'a' })).toEqual([2]);
    expect(await all(named, { partitionKey: 'a' })).toEqual([{ total: 3, most: 3 }]);
    for (const text of [composed, named]) {
      expect(await refusal(all(text))).toMatchObject({
        code: 400,
        message: expect.stringContaining('SELECT VALUE'),
      });
    }
  });

  it('by a query plan is refused: the client would leave its partition key out', async () => {
    const planned = all('SELECT * FROM c', { forceQueryPlan: true, partitionKey: 'a' });
    expect(await refusal(planned)).toMatchObject({
      code: 501,
      message: expect.stringContaining('query plan'),
    });
    const ranged = await rawRequest(cosmos, {
      method: 'POST',
      path: `/dbs/${DATABASE}/colls/queried/docs`,
      headers: { 'x-ms-documentdb-isquery': 'True', 'x-ms-documentdb-partitionkeyrangeid': '0' },
      body: '{"query":"SELECT * FROM c"}',
    });
    expect(ranged.status).toBe(501);
  });
});

describe('pages', () => {
  it('go on where they were while items come and go', async () => {
    const moving = await cosmos.container('moving');
    for (let n = 0; n < 10; n += 1) await moving.items.create({ id: `${n}`, pk: 'p', n });
    for (const query of ['SELECT VALUE c.n FROM c', 'SELECT VALUE c.n FROM c ORDER BY c.n']) {
      const pages = moving.items.query(query, { maxItemCount: 4, partitionKey: 'p' });
      const seen = [...(await pages.fetchNext()).resources];
      // An item already given goes, another is changed; neither may shift what is still to come.
      await moving.item('0', 'p').delete();
      await moving.items.upsert({ id: '2', pk: 'p', n: 2, changed: true });
      while (pages.hasMoreResults()) seen.push(...(await pages.fetchNext()).resources);
      expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      await moving.items.upsert({ id: '0', pk: 'p', n: 0 });
      await moving.item('0', 'p').delete();
      for (let n = 1; n < 10; n += 1) await moving.item(`${n}`, 'p').delete();
      for (let n = 0; n < 10; n += 1) await moving.items.create({ id: `${n}`, pk: 'p', n });
    }
  });

  it('refuse a token of another query, partition or parameter', async () => {
    const options = { maxItemCount: 1, partitionKey: 'a' };
    const { continuationToken } = await items.items.query('SELECT * FROM c', options).fetchNext();
    expect(continuationToken).toBeTypeOf('string');
    const resume = (query: string | SqlQuerySpec, more: FeedOptions) =>
      items.items
        .query(query, { ...options, ...more, continuationToken: String(continuationToken) })
        .fetchNext();
    expect((await resume('SELECT * FROM c', {})).resources).toHaveLength(1);
    expect((await refusal(resume('SELECT * FROM c', { partitionKey: 'b' }))).code).toBe(400);
    expect((await refusal(resume('SELECT c.id FROM c', {}))).code).toBe(400);
    const forged = Buffer.from('{"owner":"x","taken":0,"after":{"ordinal":0}}').toString('base64url');
    const raw = await rawRequest(cosmos, {
      path: `/dbs/${DATABASE}/colls/queried/docs`,
      headers: { 'x-ms-continuation': forged },
    });
    expect(raw.status).toBe(400);
  });
});
