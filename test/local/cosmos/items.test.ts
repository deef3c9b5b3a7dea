import type { Container } from '@azure/cosmos';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CosmosUnderTest, cosmosUnderTest, DATABASE, refusal } from './cosmos-under-test.ts';
import { rawRequest } from './raw-request.ts';

let cosmos: CosmosUnderTest;
let items: Container;

beforeAll(async () => {
  cosmos = await cosmosUnderTest();
  items = await cosmos.container('experiments');
});
afterAll(() => cosmos.stop());

describe('metadata', () => {
  it('is read and queried with the unmodified client', async () => {
    const client = cosmos.client();
    const { resource: account } = await client.getDatabaseAccount();
    expect(account?.consistencyPolicy).toBe('Strong');
    const { resources: databases } = await client.databases.readAll().fetchAll();
    expect(databases.map(({ id }) => id)).toEqual([DATABASE]);
    const database = client.database(DATABASE);
    expect((await database.read()).resource?.id).toBe(DATABASE);
    const spec = {
      query: 'SELECT VALUE c.id FROM c WHERE c.id = @id',
      parameters: [{ name: '@id', value: 'experiments' }],
    };
    const { resources: containers } = await database.containers.query(spec).fetchAll();
    expect(containers).toEqual(['experiments']);
    const { resource: definition } = await items.read();
    expect(definition?.partitionKey?.paths).toEqual(['/pk']);
    await client.databases.createIfNotExists({ id: DATABASE });
    await database.containers.createIfNotExists({ id: 'experiments', partitionKey: '/pk' });
  });

  it('cannot be changed through the data plane, as in Azure', async () => {
    const client = cosmos.client();
    expect((await refusal(client.databases.create({ id: 'other' }))).code).toBe(403);
    expect((await refusal(items.delete())).code).toBe(403);
  });

  it('answers 404 for a database or container that is not there', async () => {
    expect((await refusal(cosmos.client().database('none').read())).code).toBe(404);
    const missing = cosmos.client().database(DATABASE).container('none');
    expect((await refusal(missing.items.create({ id: 'a', pk: 'p' }))).code).toBe(404);
  });

  it('takes a container over when asked for again and refuses another partition key', async () => {
    const { service } = cosmos;
    await service.ensureContainer({ database: DATABASE, name: 'again', partitionKeyPath: '/a' });
    await service.ensureContainer({
      database: DATABASE,
      name: 'again',
      partitionKeyPath: '/a',
      defaultTtlSeconds: 60,
    });
    const { resource } = await cosmos.client().database(DATABASE).container('again').read();
    expect(resource?.defaultTtl).toBe(60);
    await expect(
      service.ensureContainer({ database: DATABASE, name: 'again', partitionKeyPath: '/b' }),
    ).rejects.toThrow('partition key');
  });
});

describe('one item', () => {
  it('is refused when the id or the partition key does not fit', async () => {
    for (const id of ['a/b', 'a\\b', 'a?b', 'a#b', '', 'x'.repeat(1024), 7, null, undefined]) {
      const refused = await rawRequest(cosmos, {
        method: 'POST',
        path: `/dbs/${DATABASE}/colls/experiments/docs`,
        headers: { 'x-ms-documentdb-partitionkey': '["p"]' },
        body: JSON.stringify({ id, pk: 'p' }),
      });
      expect(refused.status).toBe(400);
    }
    await items.items.create({ id: 'moved', pk: 'p' });
    const elsewhere = items.item('moved', 'p').replace({ id: 'moved', pk: 'q' });
    expect(await refusal(elsewhere)).toMatchObject({ code: 400, error: { substatus: 1001 } });
    expect((await refusal(items.item('moved', 'p').replace({ id: 'renamed', pk: 'p' }))).code).toBe(400);
    expect((await refusal(items.item('x', ['p', 'q']).read())).code).toBe(400);
  });

  it('comes back without content where the client asks for none', async () => {
    const created = await rawRequest(cosmos, {
      method: 'POST',
      path: `/dbs/${DATABASE}/colls/experiments/docs`,
      headers: { 'x-ms-documentdb-partitionkey': '["p"]', prefer: 'return=minimal' },
      body: '{"id":"quiet","pk":"p"}',
    });
    expect(created).toMatchObject({ status: 201, body: '', headers: { etag: expect.any(String) } });
    expect((await items.item('quiet', 'p').read()).resource?.id).toBe('quiet');
  });
});

describe('ETags', () => {
  it('are refused where they would be taken for a guard that is not kept', async () => {
    const { etag } = await items.items.create({ id: 'odd', pk: 'p' });
    const noneMatch = { accessCondition: { type: 'IfNoneMatch', condition: etag } };
    expect((await refusal(items.items.upsert({ id: 'odd', pk: 'p' }, noneMatch))).code).toBe(400);
  });
});
