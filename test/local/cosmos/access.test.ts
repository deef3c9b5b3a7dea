import type { Container } from '@azure/cosmos';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CosmosUnderTest, cosmosUnderTest, DATABASE, refusal } from './cosmos-under-test.ts';
import { authorizationFor, rawRequest } from './raw-request.ts';

let cosmos: CosmosUnderTest;

beforeAll(async () => {
  cosmos = await cosmosUnderTest({
    grants: {
      reader: [{ action: 'cosmos/read', scope: 'cosmos/mine' }],
      writer: [{ action: 'cosmos/write', scope: 'cosmos/mine' }],
      both: [
        { action: 'cosmos/read', scope: 'cosmos/*' },
        { action: 'cosmos/write', scope: 'cosmos/*' },
      ],
    },
  });
  for (const name of ['mine', 'theirs']) {
    const container = await cosmos.container(name);
    await container.items.create({ id: 'seed', pk: 'p', n: 1 });
  }
});
afterAll(() => cosmos.stop());

const OPERATIONS: Readonly<
  Record<string, { right: 'read' | 'write' | 'both'; run: (c: Container) => Promise<unknown> }>
> = {
  read: { right: 'read', run: (c) => c.item('seed', 'p').read() },
  query: { right: 'read', run: (c) => c.items.query('SELECT * FROM c').fetchAll() },
  'query of a partition': {
    right: 'read',
    run: (c) => c.items.query('SELECT * FROM c', { partitionKey: 'p' }).fetchAll(),
  },
  list: { right: 'read', run: (c) => c.items.readAll().fetchAll() },
  create: { right: 'write', run: (c) => c.items.create({ id: `c-${Math.random()}`, pk: 'p' }) },
  upsert: { right: 'write', run: (c) => c.items.upsert({ id: 'up', pk: 'p' }) },
  replace: { right: 'write', run: (c) => c.item('seed', 'p').replace({ id: 'seed', pk: 'p', n: 1 }) },
  patch: { right: 'write', run: (c) => c.item('seed', 'p').patch([{ op: 'set', path: '/m', value: 1 }]) },
  delete: { right: 'write', run: (c) => c.item('none', 'p').delete() },
  'batch of writes': {
    right: 'write',
    run: (c) => c.items.batch([{ operationType: 'Upsert', resourceBody: { id: 'b', pk: 'p' } }], 'p'),
  },
  'batch of reads': {
    right: 'read',
    run: (c) => c.items.batch([{ operationType: 'Read', id: 'seed' }], 'p'),
  },
  'batch of both': {
    right: 'both',
    run: (c) =>
      c.items.batch(
        [
          { operationType: 'Read', id: 'seed' },
          { operationType: 'Upsert', resourceBody: { id: 'b', pk: 'p' } },
        ],
        'p',
      ),
  },
};

const RIGHTS: Readonly<Record<string, readonly string[]>> = {
  reader: ['read'],
  writer: ['write'],
  both: ['read', 'write', 'both'],
};

const cells = ['reader', 'writer', 'both', 'nobody'].flatMap((identity) =>
  ['mine', 'theirs'].flatMap((container) =>
    Object.keys(OPERATIONS).map((operation) => [identity, container, operation] as const),
  ),
);

describe('rights', () => {
  it.each(cells)('%s in %s: %s', async (identity, name, operation) => {
    const container = cosmos.client(identity).database(DATABASE).container(name);
    const wanted = OPERATIONS[operation];
    const allowed =
      (identity === 'both' || name === 'mine') &&
      RIGHTS[identity]?.includes(wanted?.right ?? 'both') === true;
    const outcome = await wanted?.run(container).then(
      () => 'done',
      (error: unknown) => `${String((error as { code?: unknown }).code)} ${(error as Error).message}`,
    );
    const forbidden = /403|Forbidden|is blocked because principal/.test(outcome ?? '');
    expect(forbidden).toBe(!allowed);
    if (allowed && operation !== 'delete') expect(outcome).toBe('done');
  });

  it('are told with a body like the service’s, naming the principal and the permission', async () => {
    const container = cosmos.client('nobody').database(DATABASE).container('mine');
    const { code, message, error } = await refusal(container.items.create({ id: 'x', pk: 'p' }));
    expect(code).toBe(403);
    expect(message).toContain('principal [nobody]');
    expect(error).toMatchObject({ substatus: 5301, body: { code: 'Forbidden' } });
  });

  it('are asked for before it is told whether the container exists', async () => {
    const authorization = authorizationFor(`reader|${cosmos.service.endpoint}`);
    const headers = { 'x-ms-documentdb-partitionkey': '["p"]' };
    const path = `/dbs/${DATABASE}/colls/absent/docs/x`;
    expect((await rawRequest(cosmos, { path, authorization, headers })).status).toBe(403);
    expect((await rawRequest(cosmos, { path, headers })).status).toBe(404);
  });

  it('are not needed for metadata, but an identity is', async () => {
    const database = cosmos.client('nobody').database(DATABASE);
    expect((await database.container('mine').read()).resource?.id).toBe('mine');
    expect((await rawRequest(cosmos, { path: '/', authorization: '' })).status).toBe(401);
  });
});

describe('a request without a good token', () => {
  it.each([
    ['no header', ''],
    ['garbage', 'garbage'],
    ['bad percent encoding', '%E0%A4%A'],
    ['a master key signature', encodeURIComponent('type=master&ver=1.0&sig=abc')],
    ['an empty token', authorizationFor('')],
    ['a malformed token', authorizationFor('nonsense')],
    ['another audience', authorizationFor('owner|https://vault.azure.net')],
    ['a bearer header', 'Bearer owner'],
  ])('is 401 with %s', async (_name, authorization) => {
    for (const path of ['/', `/dbs/${DATABASE}/colls/mine/docs`, '/nowhere']) {
      const { status, body } = await rawRequest(cosmos, { path, authorization });
      expect(status).toBe(401);
      expect(JSON.parse(body)).toMatchObject({ code: 'Unauthorized' });
      expect(body).not.toContain('nonsense');
    }
  });

  it('is refused before its body is read', async () => {
    const path = `/dbs/${DATABASE}/colls/mine/docs`;
    const answered = rawRequest(cosmos, {
      method: 'POST',
      path,
      authorization: '',
      body: Buffer.alloc(1024),
    });
    expect((await answered).status).toBe(401);
  });
});

describe('garbage', () => {
  const docs = `/dbs/${DATABASE}/colls/mine/docs`;
  const pk = { 'x-ms-documentdb-partitionkey': '["p"]' };
  const query = { ...pk, 'x-ms-documentdb-isquery': 'True', 'content-type': 'application/query+json' };
  const nested = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;

  it.each([
    ['no body', 'POST', docs, pk, ''],
    ['no JSON', 'POST', docs, pk, '{"id":'],
    ['a list for an item', 'POST', docs, pk, '[]'],
    ['no UTF-8', 'POST', docs, pk, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])],
    ['absurd nesting', 'POST', docs, pk, nested],
    ['nesting behind a string', 'POST', docs, pk, `{"a":"\\"[","b":${nested}}`],
    [
      'a partition key that is no JSON',
      'POST',
      docs,
      { 'x-ms-documentdb-partitionkey': 'p' },
      '{"id":"a","pk":"p"}',
    ],
    [
      'an empty partition key',
      'POST',
      docs,
      { ...query, 'x-ms-documentdb-partitionkey': '[]' },
      '{"query":"SELECT 1"}',
    ],
    [
      'two partition keys',
      'POST',
      docs,
      { ...query, 'x-ms-documentdb-partitionkey': '["p","q"]' },
      '{"query":"SELECT 1"}',
    ],
    ['an object partition key', 'POST', docs, { 'x-ms-documentdb-partitionkey': '[{"a":1}]' }, '{"id":"a"}'],
    ['no partition key', 'POST', docs, {}, '{"id":"a","pk":"p"}'],
    ['a bad path', 'GET', '/dbs/%E0%A4%A', {}, ''],
    ['an unknown path', 'GET', '/nowhere', {}, ''],
    ['a query that is none', 'POST', docs, query, '{"query":7}'],
    ['a parameter without a name', 'POST', docs, query, '{"query":"SELECT 1","parameters":[{}]}'],
    ['a bad page size', 'POST', docs, { ...query, 'x-ms-max-item-count': 'many' }, '{"query":"SELECT 1"}'],
    ['a bad continuation', 'POST', docs, { ...query, 'x-ms-continuation': 'xyz' }, '{"query":"SELECT 1"}'],
    ['a bad TTL', 'POST', docs, pk, '{"id":"a","pk":"p","ttl":0}'],
    [
      'a batch that is no list',
      'POST',
      docs,
      { ...pk, 'x-ms-cosmos-is-batch-request': 'True', 'x-ms-cosmos-batch-atomic': 'True' },
      '{}',
    ],
    [
      'a batch of strangers',
      'POST',
      docs,
      { ...pk, 'x-ms-cosmos-is-batch-request': 'True', 'x-ms-cosmos-batch-atomic': 'True' },
      '[{"operationType":"Dance"}]',
    ],
  ])('is 400: %s', async (_name, method, path, headers, body) => {
    const answered = await rawRequest(cosmos, { method, path, headers, body });
    expect(answered.status).toBe(400);
    expect(JSON.parse(answered.body)).toMatchObject({ code: 'BadRequest' });
  });

  it('in the form of other methods is 405', async () => {
    for (const [method, path] of [
      ['PUT', docs],
      ['PATCH', '/'],
      ['POST', `${docs}/seed`],
    ] as const) {
      expect((await rawRequest(cosmos, { method, path, headers: pk })).status).toBe(405);
    }
  });

  it('leaves the service answering', async () => {
    const read = await cosmos.client().database(DATABASE).container('mine').item('seed', 'p').read();
    expect(read.statusCode).toBe(200);
  });
});
