import type { Container } from '@azure/cosmos';
import { beforeAll, expect } from 'vitest';
import { cosmosSuite } from './cosmos-backend.ts';
import { EXPRESSIONS, ITEM, NOTHING } from './expressions.ts';

const suite = cosmosSuite();
const { conform } = suite;
let items: Container;
beforeAll(async () => {
  items = await suite.container('expressions');
  await items.items.create({ ...ITEM, pk: 'p' });
});

/** Ask for the time at which they are asked. */
const OF_THE_MOMENT = /^GETCURRENT/;

for (const [expression, expected] of EXPRESSIONS.filter(([text]) => !OF_THE_MOMENT.test(text))) {
  conform(['items/query'], `the expression ${expression}`, async () => {
    const query = `SELECT VALUE ${expression} FROM c`;
    const { resources } = await items.items.query(query, { partitionKey: 'p' }).fetchAll();
    expect(resources).toEqual(expected === NOTHING ? [] : [expected]);
  });
}
