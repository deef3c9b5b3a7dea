import type { Container, PatchOperation } from '@azure/cosmos';
import { beforeAll, expect } from 'vitest';
import { refusal } from '../../local/cosmos/cosmos-under-test.ts';
import { cosmosSuite } from './cosmos-backend.ts';

const suite = cosmosSuite();
const { conform } = suite;
let items: Container;
beforeAll(async () => {
  items = await suite.container('patched');
});

let made = 0;

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

conform(['items/patch'], 'a patch takes ten operations and refuses eleven', async () => {
  const operations = Array.from({ length: 11 }, () => ({ op: 'incr', path: '/n', value: 1 }));
  expect(await patched({ n: 0 }, operations.slice(1))).toEqual({ n: 10 });
  expect((await refusal(patched({ n: 0 }, operations))).code).toBe(400);
  expect((await refusal(patched({ n: 0 }, []))).code).toBe(400);
});

conform(['items/patch'], 'a patch keeps its condition', async () => {
  const set = [{ op: 'set', path: '/n', value: 2 }];
  expect(await patched({ n: 1 }, set, 'FROM c WHERE c.n = 1 AND NOT IS_DEFINED(c.stop)')).toEqual({ n: 2 });
  expect((await refusal(patched({ n: 5 }, set, 'FROM c WHERE c.n = 1'))).code).toBe(412);
  expect((await refusal(patched({ n: 5 }, set, 'FROM c WHERE ('))).code).toBe(400);
});

conform(['items/patch'], 'a patch of many at once loses no increment', async () => {
  const id = await fresh({ n: 0 });
  await Promise.all(
    Array.from({ length: 60 }, () => items.item(id, 'p').patch([{ op: 'incr', path: '/n', value: 1 }])),
  );
  expect((await items.item(id, 'p').read()).resource?.n).toBe(60);
});

const APPLIED: readonly (readonly [string, object, object, object])[] = [
  ['add makes a property', {}, { op: 'add', path: '/a', value: 1 }, { a: 1 }],
  ['add replaces a property', { a: 1 }, { op: 'add', path: '/a', value: [2] }, { a: [2] }],
  ['add inserts into a list', { l: [1, 3] }, { op: 'add', path: '/l/1', value: 2 }, { l: [1, 2, 3] }],
  ['add appends to a list', { l: [1] }, { op: 'add', path: '/l/-', value: 2 }, { l: [1, 2] }],
  ['set overwrites a list element', { l: [1, 3] }, { op: 'set', path: '/l/1', value: 2 }, { l: [1, 2] }],
  ['set makes a nested property', { o: {} }, { op: 'set', path: '/o/x', value: null }, { o: { x: null } }],
  ['replace changes what is there', { a: 1 }, { op: 'replace', path: '/a', value: 'z' }, { a: 'z' }],
  ['remove takes a property away', { a: 1, b: 2 }, { op: 'remove', path: '/a' }, { b: 2 }],
  ['remove takes an element away', { l: [1, 2, 3] }, { op: 'remove', path: '/l/1' }, { l: [1, 3] }],
  ['incr adds', { n: 40 }, { op: 'incr', path: '/n', value: 2 }, { n: 42 }],
  ['incr makes what is missing', {}, { op: 'incr', path: '/n', value: -1.5 }, { n: -1.5 }],
  ['incr counts in a list', { l: [1] }, { op: 'incr', path: '/l/0', value: 1 }, { l: [2] }],
  [
    'a path may hold / and ~ escaped',
    { 'a/b~c': 1 },
    { op: 'set', path: '/a~1b~0c', value: 2 },
    { 'a/b~c': 2 },
  ],
];
for (const [name, content, operation, expected] of APPLIED) {
  conform(['items/patch'], `a patch: ${name}`, async () => {
    expect(await patched(content, [operation])).toEqual(expected);
  });
}

const REFUSED: readonly (readonly [string, object])[] = [
  ['replace of what is not there', { op: 'replace', path: '/none', value: 1 }],
  ['remove of what is not there', { op: 'remove', path: '/none' }],
  ['a parent that is not there', { op: 'add', path: '/none/x', value: 1 }],
  ['a parent that is a number', { op: 'add', path: '/n/x', value: 1 }],
  ['an index past the end', { op: 'add', path: '/l/9', value: 1 }],
  ['an index that is none', { op: 'add', path: '/l/x', value: 1 }],
  ['incr of a text', { op: 'incr', path: '/t', value: 1 }],
  ['incr by a text', { op: 'incr', path: '/n', value: '1' }],
  ['the id', { op: 'set', path: '/id', value: 'other' }],
  ['the partition key', { op: 'set', path: '/pk', value: 'other' }],
  ['a system property', { op: 'set', path: '/_etag', value: 'mine' }],
  ['a path without a slash', { op: 'set', path: 'n', value: 1 }],
  ['an unknown operator', { op: 'multiply', path: '/n', value: 1 }],
  ['no value', { op: 'set', path: '/n' }],
];
for (const [name, operation] of REFUSED) {
  conform(['items/patch'], `a patch is refused for ${name} and changes nothing`, async () => {
    const id = await fresh({ n: 1, t: 'x', l: [1] });
    const first = { op: 'set', path: '/n', value: 99 };
    const work = items.item(id, 'p').patch([first, operation] as PatchOperation[]);
    expect((await refusal(work)).code).toBe(400);
    expect((await items.item(id, 'p').read()).resource?.n).toBe(1);
  });
}
