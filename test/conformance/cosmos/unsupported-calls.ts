import type { Container, CosmosClient, PatchOperation } from '@azure/cosmos';

export interface CosmosClients {
  readonly client: CosmosClient;
  readonly container: Container;
}

/** An operator that the client's types do not know, though the service does. */
const MOVE: PatchOperation[] = JSON.parse('[{"op":"move","from":"/n","path":"/m"}]');

/** What Azure has and the embedded Cosmos DB has not: its name, a word of the refusal, and how a client asks. */
export const UNSUPPORTED_COSMOS: readonly (readonly [
  string,
  string,
  (clients: CosmosClients) => Promise<unknown>,
])[] = [
  ['Change feed', 'change feed', ({ container }) => container.items.changeFeed('p', {}).fetchNext()],
  [
    'Stored procedures',
    'Stored procedures',
    ({ container }) => container.scripts.storedProcedures.readAll().fetchAll(),
  ],
  [
    'Stored procedures',
    'Stored procedures',
    ({ container }) => container.scripts.storedProcedure('s').execute('p'),
  ],
  ['Triggers', 'Triggers', ({ container }) => container.scripts.triggers.readAll().fetchAll()],
  [
    'User-defined functions',
    'User-defined',
    ({ container }) => container.scripts.userDefinedFunctions.readAll().fetchAll(),
  ],
  ['Conflicts feed', 'conflicts', ({ container }) => container.conflicts.readAll().fetchAll()],
  ['Users and permissions', 'Users', ({ container }) => container.database.users.readAll().fetchAll()],
  [
    'Users and permissions',
    'permissions',
    ({ container }) => container.database.user('u').permissions.readAll().fetchAll(),
  ],
  ['Offers (throughput)', 'Offers', ({ client }) => client.offers.readAll().fetchAll()],
  ['Offers (throughput)', 'Offers', ({ container }) => container.readOffer()],
  [
    'Triggers',
    'trigger',
    ({ container }) => container.items.create({ id: 't', pk: 'p' }, { preTriggerInclude: 'before' }),
  ],
  [
    'Deleting all items of a partition key',
    'partition key',
    ({ container }) => container.deleteAllItemsForPartitionKey('p'),
  ],
  [
    'Query plans',
    'query plan',
    ({ container }) =>
      container.items.query('SELECT * FROM c', { forceQueryPlan: true, partitionKey: 'p' }).fetchAll(),
  ],
  ['Patch: move', 'move', ({ container }) => container.item('seed', 'p').patch(MOVE)],
  [
    'Query: JOIN',
    'JOIN',
    ({ container }) => container.items.query('SELECT * FROM c JOIN t IN c.tags').fetchAll(),
  ],
  [
    'Query: subqueries',
    'subquery',
    ({ container }) => container.items.query('SELECT (SELECT 1) FROM c').fetchAll(),
  ],
  [
    'Query: EXISTS',
    'EXISTS',
    ({ container }) => container.items.query('SELECT * FROM c WHERE EXISTS(SELECT 1)').fetchAll(),
  ],
  [
    'Query: user-defined functions',
    'user-defined',
    ({ container }) => container.items.query('SELECT udf.f(1) FROM c').fetchAll(),
  ],
  [
    'Query: iteration in FROM',
    'Iteration',
    ({ container }) => container.items.query('SELECT * FROM t IN c.tags').fetchAll(),
  ],
  [
    'Query: geography',
    'ST_DISTANCE',
    ({ container }) => container.items.query('SELECT ST_DISTANCE(c.a, c.b) FROM c').fetchAll(),
  ],
];
