import type { Container, PatchOperation } from '@azure/cosmos';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CosmosUnderTest, cosmosUnderTest, refusal } from './cosmos-under-test.ts';

let cosmos: CosmosUnderTest;
let items: Container;
let made = 0;

beforeAll(async () => {
  cosmos = await cosmosUnderTest();
  items = await cosmos.container('patched');
});
afterAll(() => cosmos.stop());

async function fresh(content: object): Promise<string> {
  made += 1;
  const id = `item-${made}`;
  await items.items.create({ id, pk: 'p', ...content });
  return id;
}

async function patched(content: object, operations: unknown, condition?: string): Promise<unknown> {
  const id = await fresh(content);
  const list = operations as PatchOperation[];
  const request = condition === undefined ? list : { operations: list, condition };
  const { resource } = await items.item(id, 'p').patch(request);
  const { id: _id, pk: _pk, _rid, _self, _etag, _attachments, _ts, ...rest } = resource ?? {};
  return rest;
}

describe('a patch', () => {
  it('refuses move by name', async () => {
    const { code, message } = await refusal(patched({ n: 1 }, [{ op: 'move', from: '/n', path: '/m' }]));
    expect(code).toBe(501);
    expect(message).toContain('move');
  });
});
