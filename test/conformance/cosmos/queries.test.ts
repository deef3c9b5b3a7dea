import type { Container, FeedOptions, SqlQuerySpec } from '@azure/cosmos';
import fc from 'fast-check';
import { beforeAll, expect } from 'vitest';
import { refusal } from '../../local/cosmos/cosmos-under-test.ts';
import { cosmosSuite } from './cosmos-backend.ts';

const suite = cosmosSuite();
const { conform } = suite;
const SEED = [
  { id: '1', pk: 'a', n: 3, kind: 'x', tags: ['red'] },
  { id: '2', pk: 'a', n: 1, kind: 'y' },
  { id: '3', pk: 'a', n: 2, kind: 'x', tags: ['blue', 'red'] },
  { id: '4', pk: 'b', n: 9, kind: 'y' },
  { id: '5', pk: 'b', n: 'text', kind: 'z' },
  { id: '6', pk: 'c', kind: null },
];

let items: Container;
beforeAll(async () => {
  items = await suite.container('queried');
  for (const item of SEED) await items.items.create(item);
});

async function all(query: string | SqlQuerySpec, options: FeedOptions = {}): Promise<unknown[]> {
  return (await items.items.query(query, options).fetchAll()).resources;
}

function sorted(rows: readonly unknown[]): unknown[] {
  return [...rows].sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}

const queries = [
  'SELECT VALUE c.n FROM c',
  'SELECT VALUE c.n FROM c ORDER BY c.group, c.n DESC',
  'SELECT DISTINCT VALUE c.group FROM c',
  'SELECT c.group, COUNT(1) AS n FROM c GROUP BY c.group',
  'SELECT VALUE c.n FROM c OFFSET 3 LIMIT 12',
  'SELECT VALUE c.n FROM c ORDER BY c.n DESC OFFSET 2 LIMIT 11',
  'SELECT TOP 13 VALUE c.n FROM c',
  'SELECT VALUE c.n FROM c ORDER BY c.maybe, c.long',
];

const ANSWERS: readonly (readonly [string, readonly unknown[]])[] = [
  ['SELECT VALUE c.id FROM c', ['1', '2', '3', '4', '5', '6']],
  ['SELECT VALUE r.id FROM root AS r WHERE r.n = 3', ['1']],
  [
    'SELECT c.id, c.n AS number FROM c WHERE c.pk = "b"',
    [
      { id: '4', number: 9 },
      { id: '5', number: 'text' },
    ],
  ],
  ['SELECT c.id, c.n + 1, c.n + 2 up FROM c WHERE c.id = "1"', [{ id: '1', $1: 4, up: 5 }]],
  ['SELECT VALUE {id: c.id, none: c.none} FROM c WHERE c.id = "1"', [{ id: '1' }]],
  ['SELECT c.none FROM c WHERE c.id = "1"', [{}]],
  ['SELECT VALUE c.none FROM c', []],
  ['SELECT VALUE c.id FROM c WHERE c.kind = null', ['6']],
  ['SELECT VALUE c.id FROM c WHERE c.kind != "x" AND IS_DEFINED(c.n)', ['2', '4', '5']],
  ['SELECT VALUE c.id FROM c WHERE c.n > 1', ['1', '3', '4']],
  ['SELECT VALUE c.id FROM c WHERE ARRAY_CONTAINS(c.tags, "red")', ['1', '3']],
  ['SELECT VALUE c.id FROM c ORDER BY c.n', ['6', '2', '3', '1', '4', '5']],
  ['SELECT VALUE c.id FROM c ORDER BY c.n DESC', ['5', '4', '1', '3', '2', '6']],
  ['SELECT VALUE c.id FROM c ORDER BY c.kind ASC, c.id DESC', ['6', '3', '1', '4', '2', '5']],
  ['SELECT VALUE c.id FROM c ORDER BY c.id OFFSET 1 LIMIT 2', ['2', '3']],
  ['SELECT VALUE c.id FROM c ORDER BY c.id OFFSET 5 LIMIT 10', ['6']],
  ['SELECT VALUE c.id FROM c OFFSET 9 LIMIT 1', []],
  ['SELECT TOP 2 VALUE c.id FROM c ORDER BY c.id DESC', ['6', '5']],
  ['SELECT TOP 0 * FROM c', []],
  ['SELECT DISTINCT VALUE c.kind FROM c', ['x', 'y', 'z', null]],
  ['SELECT DISTINCT c.pk FROM c ORDER BY c.pk DESC', [{ pk: 'c' }, { pk: 'b' }, { pk: 'a' }]],
  ['SELECT VALUE COUNT(1) FROM c', [6]],
  ['SELECT VALUE COUNT(c.n) FROM c', [5]],
  [
    'SELECT c.pk, COUNT(1) AS total, MAX(c.n) AS most FROM c WHERE c.pk = "a" GROUP BY c.pk',
    [{ pk: 'a', total: 3, most: 3 }],
  ],
  ['SELECT VALUE COUNT(1) FROM c WHERE false', [0]],
  ['SELECT VALUE SUM(c.n) FROM c WHERE c.pk = "a"', [6]],
  ['SELECT VALUE SUM(c.n) FROM c', []],
  ['SELECT VALUE AVG(c.n) FROM c WHERE c.pk = "a"', [2]],
  ['SELECT VALUE AVG(c.n) FROM c WHERE false', []],
  ['SELECT VALUE MIN(c.n) FROM c', [1]],
  ['SELECT VALUE MAX(c.n) FROM c', ['text']],
  [
    'SELECT c.kind, COUNT(1) AS n FROM c GROUP BY c.kind',
    [
      { kind: 'x', n: 2 },
      { kind: 'y', n: 2 },
      { kind: 'z', n: 1 },
      { kind: null, n: 1 },
    ],
  ],
  ['SELECT VALUE UPPER(c.pk) FROM c GROUP BY UPPER(c.pk)', ['A', 'B', 'C']],
  ['SELECT VALUE 1', [1]],
];
for (const [text, expected] of ANSWERS) {
  conform(['items/query'], `${text}`, async () => {
    const rows = await all(text);
    // Without ORDER BY the service promises no order.
    expect(/ORDER BY/.test(text) ? rows : sorted(rows)).toEqual(
      /ORDER BY/.test(text) ? expected : sorted(expected),
    );
  });
}

conform(['items/query'], 'a query takes parameters and keeps to its partition', async () => {
  const spec = {
    query: 'SELECT VALUE c.id FROM c WHERE c.n >= @n',
    parameters: [{ name: '@n', value: 2 }],
  };
  expect(await all(spec, { partitionKey: 'a' })).toEqual(['1', '3']);
  expect(await all('SELECT VALUE COUNT(1) FROM c', { partitionKey: 'b' })).toEqual([2]);
  expect(await all('SELECT * FROM c', { partitionKey: 'none' })).toEqual([]);
});

conform(['items/query'], 'reading all gives everything, whole or of one partition', async () => {
  const { resources } = await items.items.readAll({ maxItemCount: 4 }).fetchAll();
  expect(sorted(resources.map(({ id }) => id))).toEqual(['1', '2', '3', '4', '5', '6']);
  const { resources: some } = await items.items.readAll({ partitionKey: 'b' }).fetchAll();
  expect(some.map(({ id }) => id)).toEqual(['4', '5']);
});

conform(
  ['items/list'],
  'the feed of items, as plain HTTP clients read it, gives everything',
  async () => {
    const { status, body } = await suite.get(`/dbs/${suite.database().id}/colls/queried/docs`);
    const { Documents: found } = JSON.parse(body) as { Documents: { id: string }[] };
    expect([status, found.map(({ id }) => id)]).toEqual([200, ['1', '2', '3', '4', '5', '6']]);
  },
  { feature: 'requests without the client' },
);

conform(['items/query'], 'a query that is wrong is refused with 400, however deep', async () => {
  expect((await refusal(all('SELEKT'))).code).toBe(400);
  expect((await refusal(all('SELECT VALUE @missing FROM c'))).code).toBe(400);
  expect((await refusal(all(`SELECT ${'('.repeat(10_000)}1${')'.repeat(10_000)}`))).code).toBe(400);
  const negative = { query: 'SELECT * FROM c OFFSET @o LIMIT 1', parameters: [{ name: '@o', value: -1 }] };
  expect((await refusal(all(negative))).code).toBe(400);
});

conform(
  ['items/query'],
  'a query with a partition key never returns a row of another partition',
  async () => {
    const property = await suite.container('property');
    const values = ['p', 'q', '', '"p"', 'p"]', '["p"]', 'P', ' p', 'null', '0', 0, 1, true, false, null];
    for (const [n, pk] of values.entries()) await property.items.create({ id: `i${n}`, pk, n, text: 'same' });
    const filters = ['true', 'c.n >= 0', 'c.pk = c.pk', 'NOT false', '1 = 1 OR c.n = 3', 'c.text LIKE "%"'];
    const shapes = ['', ' ORDER BY c.n DESC', ' ORDER BY c.text, c.n', ' OFFSET 0 LIMIT 50'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...values),
        fc.constantFrom(...filters),
        fc.constantFrom(...shapes),
        fc.constantFrom('', 'DISTINCT ', 'TOP 9 '),
        fc.constantFrom(1, 3, -1),
        async (partitionKey, filter, shape, head, maxItemCount) => {
          const text = `SELECT ${head}* FROM c WHERE ${filter}${shape}`;
          const options = { partitionKey, maxItemCount };
          const { resources } = await property.items.query(text, options).fetchAll();
          expect(resources.map(({ pk }) => pk)).toEqual([partitionKey]);
        },
      ),
      { numRuns: 60 },
    );
  },
);

conform(
  ['items/query'],
  'pages follow each other without loss or repetition, resumed by token in a new client',
  async () => {
    const paged = await suite.container('paged');
    for (let n = 0; n < 25; n += 1) {
      const more = n % 3 === 0 ? { maybe: n % 2 } : {};
      await paged.items.create({
        id: `${n}`,
        pk: `p${n % 2}`,
        n,
        group: n % 7,
        long: `${'é'.repeat(3000)}${n}`,
        ...more,
      });
    }
    for (const query of queries) {
      const whole = (await paged.items.query(query).fetchAll()).resources;
      const found: unknown[] = [];
      let continuationToken: string | undefined;
      for (let page = 0; page < 30; page += 1) {
        const fresh = suite.database().container('paged');
        const options: FeedOptions = { maxItemCount: 2, ...(continuationToken ? { continuationToken } : {}) };
        const next = await fresh.items.query(query, options).fetchNext();
        expect(next.resources.length).toBeLessThanOrEqual(2);
        found.push(...next.resources);
        continuationToken = next.continuationToken;
        if (!continuationToken) break;
      }
      expect(found).toEqual(whole);
    }
  },
);

conform(['items/query'], 'pages are cut by size and not only by number', async () => {
  const heavy = await suite.container('heavy');
  for (let n = 0; n < 6; n += 1)
    await heavy.items.create({ id: `${n}`, pk: 'p', big: 'x'.repeat(1_500_000) });
  const first = await heavy.items.query('SELECT * FROM c', { partitionKey: 'p' }).fetchNext();
  expect(first.resources.length).toBeLessThan(6);
  const { resources } = await heavy.items.query('SELECT * FROM c', { partitionKey: 'p' }).fetchAll();
  expect(resources.map(({ id }) => id)).toEqual(['0', '1', '2', '3', '4', '5']);
});
