import { expect } from 'vitest';
import { refusal } from '../../local/cosmos/cosmos-under-test.ts';
import { cosmosSuite } from './cosmos-backend.ts';

const suite = cosmosSuite();
const { conform } = suite;

conform(
  ['account/read', 'databases/list', 'databases/read', 'databases/query'],
  'the account and its databases are read, listed and queried',
  async () => {
    const container = await suite.container('listed');
    const client = suite.client();
    const { id } = container.database;
    const { resource: account } = await client.getDatabaseAccount();
    expect(account?.consistencyPolicy).toBeTypeOf('string');
    const { resources: databases } = await client.databases.readAll().fetchAll();
    expect(databases.map((database) => database.id)).toContain(id);
    expect((await client.database(id).read()).resource?.id).toBe(id);
    const named = { query: 'SELECT * FROM c WHERE c.id = @id', parameters: [{ name: '@id', value: id }] };
    expect((await client.databases.query(named).fetchAll()).resources).toHaveLength(1);
    await client.databases.createIfNotExists({ id });
  },
);

conform(
  ['containers/list', 'containers/query', 'containers/read'],
  'containers are listed, queried and read, with their partition key and lifetime',
  async () => {
    const container = await suite.container('timed', 60);
    const { containers } = suite.database();
    expect((await containers.readAll().fetchAll()).resources.map(({ id }) => id)).toContain('timed');
    const spec = {
      query: 'SELECT VALUE c.id FROM c WHERE c.id = @id',
      parameters: [{ name: '@id', value: 'timed' }],
    };
    expect((await containers.query(spec).fetchAll()).resources).toEqual(['timed']);
    const { resource } = await container.read();
    expect([resource?.partitionKey?.paths, resource?.defaultTtl]).toEqual([['/pk'], 60]);
    await containers.createIfNotExists({ id: 'timed', partitionKey: '/pk' });
  },
);

conform(['ranges/list'], 'the partition key ranges of a container are listed', async () => {
  const container = await suite.container('ranged');
  const { resources } = await container.readPartitionKeyRanges().fetchAll();
  expect(resources.length).toBeGreaterThan(0);
});

conform(['databases/read', 'containers/read'], 'what is not there is answered 404', async () => {
  expect((await refusal(suite.client().database('none').read())).code).toBe(404);
  const missing = suite.database().container('none');
  expect((await refusal(missing.items.create({ id: 'a', pk: 'p' }))).code).toBe(404);
});
