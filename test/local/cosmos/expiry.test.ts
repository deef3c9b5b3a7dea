import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container } from '@azure/cosmos';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type CosmosUnderTest, cosmosUnderTest, refusal } from './cosmos-under-test.ts';

let cosmos: CosmosUnderTest;
let now = Date.parse('2026-01-01T00:00:00Z');

beforeAll(async () => {
  cosmos = await cosmosUnderTest({ now: () => now, sweepEveryMs: 20 });
});
afterAll(() => cosmos.stop());

async function idsOf(container: Container): Promise<string[]> {
  return (await container.items.query('SELECT VALUE c.id FROM c').fetchAll()).resources;
}

describe('time to live', () => {
  it('hides an item from reads, queries, conditions and patches the moment it is over', async () => {
    const items = await cosmos.container('short', 60);
    await items.items.create({ id: 'default', pk: 'p' });
    await items.items.create({ id: 'own', pk: 'p', ttl: 300 });
    await items.items.create({ id: 'never', pk: 'p', ttl: -1 });
    now += 59_000;
    expect(await idsOf(items)).toEqual(['default', 'own', 'never']);
    now += 1000;
    expect(await idsOf(items)).toEqual(['own', 'never']);
    expect((await items.item('default', 'p').read()).statusCode).toBe(404);
    const patch = items.item('default', 'p').patch([{ op: 'set', path: '/n', value: 1 }]);
    expect((await refusal(patch)).code).toBe(404);
    now += 300_000;
    expect(await idsOf(items)).toEqual(['never']);
  });

  it('starts again when the item is written', async () => {
    const items = await cosmos.container('renewed', 60);
    await items.items.create({ id: 'a', pk: 'p' });
    now += 50_000;
    await items.item('a', 'p').patch([{ op: 'set', path: '/n', value: 1 }]);
    now += 50_000;
    expect(await idsOf(items)).toEqual(['a']);
  });

  it('of -1 on the container expires by the items’ own only, and none at all not even by those', async () => {
    const opted = await cosmos.container('opted', -1);
    const off = await cosmos.container('off');
    for (const items of [opted, off]) {
      await items.items.create({ id: 'plain', pk: 'p' });
      await items.items.create({ id: 'timed', pk: 'p', ttl: 1 });
    }
    now += 1_000_000;
    expect(await idsOf(opted)).toEqual(['plain']);
    expect(await idsOf(off)).toEqual(['plain', 'timed']);
  });

  it('frees the id at once, before the sweep', async () => {
    const items = await cosmos.container('freed', 60);
    await items.items.create({ id: 'a', pk: 'p', first: true });
    await items.items.create({ id: 'b', pk: 'p', ttl: -1 });
    now += 60_000;
    expect((await items.items.create({ id: 'a', pk: 'p', ttl: -1 })).statusCode).toBe(201);
    now += 60_000;
    expect(await idsOf(items)).toEqual(['b', 'a']);
  });

  it('is swept from the log too, so that a clock set back does not bring an item back', async () => {
    const items = await cosmos.container('swept', 60);
    await items.items.create({ id: 'gone', pk: 'swept-partition' });
    now += 60_000;
    const log = join(cosmos.dataDir, 'cosmos', 'items.log');
    await vi.waitFor(async () => expect(await readFile(log, 'utf8')).toContain('"deletes":["gone"]'), {
      timeout: 10_000,
    });
    await cosmos.restart();
    now -= 60_000;
    expect(await idsOf(items)).toEqual([]);
    now += 60_000;
  });

  it('that makes no sense is refused', async () => {
    const items = await cosmos.container('odd', 60);
    for (const ttl of [0, -2, 1.5, 'long', 3e9]) {
      expect((await refusal(items.items.create({ id: 'a', pk: 'p', ttl: ttl as number }))).code).toBe(400);
    }
  });
});
