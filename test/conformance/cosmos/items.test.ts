import type { Container } from '@azure/cosmos';
import { beforeAll, expect } from 'vitest';
import { refusal } from '../../local/cosmos/cosmos-under-test.ts';
import { cosmosSuite } from './cosmos-backend.ts';

const suite = cosmosSuite();
const { conform } = suite;
let items: Container;
beforeAll(async () => {
  items = await suite.container('experiments');
});

conform(
  ['items/create', 'items/read', 'items/replace', 'items/upsert', 'items/delete'],
  'an item is created, read, replaced, upserted and deleted',
  async () => {
    const created = await items.items.create({ id: 'life', pk: 'p', n: 1, nested: { list: [1, null, 'x'] } });
    expect(created.statusCode).toBe(201);
    expect(created.requestCharge).toBeGreaterThan(0);
    expect(created.headers['x-ms-session-token']).toMatch(/^0:-1#\d+$/);
    expect(created.resource).toMatchObject({ id: 'life', pk: 'p', nested: { list: [1, null, 'x'] } });
    expect(created.resource?._rid).toBeTypeOf('string');
    expect(created.resource?._ts).toBeTypeOf('number');
    const item = items.item('life', 'p');
    const read = await item.read();
    expect(read.statusCode).toBe(200);
    expect(read.etag).toBe(created.etag);
    const replaced = await item.replace({ id: 'life', pk: 'p', n: 2 });
    expect(replaced.statusCode).toBe(200);
    expect(replaced.etag).not.toBe(created.etag);
    expect(replaced.resource).not.toHaveProperty('nested');
    expect(replaced.resource?._rid).toBe(created.resource?._rid);
    expect((await items.items.upsert({ id: 'life', pk: 'p', n: 3 })).statusCode).toBe(200);
    expect((await items.items.upsert({ id: 'life-2', pk: 'p' })).statusCode).toBe(201);
    expect((await item.delete()).statusCode).toBe(204);
    expect((await item.read()).statusCode).toBe(404);
    expect((await refusal(item.delete())).code).toBe(404);
    expect((await refusal(item.replace({ id: 'life', pk: 'p' }))).code).toBe(404);
  },
);

conform(
  ['items/create', 'items/read', 'items/delete'],
  'an item is the same id in two partitions without being the same item',
  async () => {
    await items.items.create({ id: 'twin', pk: 'left', side: 'l' });
    await items.items.create({ id: 'twin', pk: 'right', side: 'r' });
    expect((await items.item('twin', 'left').read()).resource?.side).toBe('l');
    await items.item('twin', 'left').delete();
    expect((await items.item('twin', 'right').read()).resource?.side).toBe('r');
  },
);

conform(
  ['items/create', 'items/read', 'items/query'],
  'an item may have a number, boolean, null or nothing for its partition key',
  async () => {
    for (const pk of [7, true, null]) {
      await items.items.create({ id: 'typed', pk });
      expect((await items.item('typed', pk as never).read()).resource?.pk).toBe(pk);
    }
    await items.items.create({ id: 'typed' });
    const { resources } = await items.items.query('SELECT VALUE c.pk FROM c WHERE c.id = "typed"').fetchAll();
    expect(new Set(resources)).toEqual(new Set([7, true, null]));
  },
);

conform(
  ['items/create'],
  'an item is refused with 409 when it exists, and the one that exists stays',
  async () => {
    await items.items.create({ id: 'taken', pk: 'p', by: 'first' });
    const { code, error } = await refusal(items.items.create({ id: 'taken', pk: 'p', by: 'second' }));
    expect(code).toBe(409);
    expect(error).toMatchObject({ body: { code: 'Conflict' } });
    expect((await items.item('taken', 'p').read()).resource?.by).toBe('first');
  },
);

conform(['items/create'], 'an item has one winner when twenty create it at once', async () => {
  const race = await Promise.allSettled(
    Array.from({ length: 20 }, (_, by) => items.items.create({ id: 'race', pk: 'p', by })),
  );
  expect(race.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const codes = race.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
  expect(new Set(codes)).toEqual(new Set([409]));
});

conform(
  ['items/create', 'items/read'],
  'an item keeps names that mean something to JavaScript as plain data',
  async () => {
    const content = JSON.parse('{"id":"proto","pk":"p","__proto__":{"polluted":1},"constructor":2}');
    await items.items.create(content);
    const { resource } = await items.item('proto', 'p').read();
    expect(JSON.stringify(resource)).toContain('"__proto__":{"polluted":1}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  },
);

conform(
  ['items/create', 'items/patch'],
  'an item is refused with 413 past 2 MB and taken just below',
  async () => {
    const big = 'x'.repeat(2 * 1024 * 1024 - 1000);
    expect((await items.items.create({ id: 'big', pk: 'p', big })).statusCode).toBe(201);
    expect(
      (await refusal(items.items.create({ id: 'huge', pk: 'p', big: `${big}${'x'.repeat(2000)}` }))).code,
    ).toBe(413);
    const grow = items.item('big', 'p').patch([{ op: 'add', path: '/more', value: 'y'.repeat(2000) }]);
    expect((await refusal(grow)).code).toBe(413);
    expect((await items.item('big', 'p').read()).resource?.more).toBeUndefined();
    await items.item('big', 'p').delete();
  },
);

conform(
  ['items/replace', 'items/upsert', 'items/patch', 'items/delete'],
  'ETags guard replace, delete, upsert and patch with 412',
  async () => {
    const { etag } = await items.items.create({ id: 'guarded', pk: 'p', n: 0 });
    const item = items.item('guarded', 'p');
    const stale = { accessCondition: { type: 'IfMatch', condition: etag } };
    await item.replace({ id: 'guarded', pk: 'p', n: 1 }, stale);
    expect((await refusal(item.replace({ id: 'guarded', pk: 'p', n: 2 }, stale))).code).toBe(412);
    expect((await refusal(items.items.upsert({ id: 'guarded', pk: 'p', n: 2 }, stale))).code).toBe(412);
    expect((await refusal(item.patch([{ op: 'incr', path: '/n', value: 1 }], stale))).code).toBe(412);
    expect((await refusal(item.delete(stale))).code).toBe(412);
    expect((await item.read()).resource?.n).toBe(1);
    await item.delete({ accessCondition: { type: 'IfMatch', condition: '*' } });
  },
);

conform(['items/read'], 'ETags make a read of an unchanged item 304', async () => {
  const { etag } = await items.items.create({ id: 'cached', pk: 'p' });
  const item = items.item('cached', 'p');
  const known = { accessCondition: { type: 'IfNoneMatch', condition: etag } };
  expect((await item.read(known)).statusCode).toBe(304);
  await item.replace({ id: 'cached', pk: 'p', n: 1 });
  expect((await item.read(known)).statusCode).toBe(200);
});

conform(['items/replace'], 'ETags make a counter exact under eight writers', async () => {
  await items.items.create({ id: 'counter', pk: 'p', n: 0 });
  const item = items.item('counter', 'p');
  const increment = async (): Promise<void> => {
    for (;;) {
      const { resource, etag } = await item.read();
      try {
        const condition = { accessCondition: { type: 'IfMatch', condition: etag } };
        await item.replace({ id: 'counter', pk: 'p', n: resource?.n + 1 }, condition);
        return;
      } catch (error) {
        if ((error as { code?: unknown }).code !== 412) throw error;
      }
    }
  };
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let round = 0; round < 5; round += 1) await increment();
    }),
  );
  expect((await item.read()).resource?.n).toBe(40);
});

conform(['items/replace'], 'an item keeps its id and its partition key', async () => {
  await items.items.create({ id: 'moved', pk: 'p' });
  const elsewhere = items.item('moved', 'p').replace({ id: 'moved', pk: 'q' });
  expect((await refusal(elsewhere)).code).toBe(400);
  expect((await refusal(items.item('moved', 'p').replace({ id: 'renamed', pk: 'p' }))).code).toBe(400);
});
