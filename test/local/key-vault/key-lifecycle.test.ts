import { expect, test } from 'vitest';
import { refusalOf, runningVault } from './running-vault.ts';

const FAST = { intervalInMs: 10 };

test('rotation adds a version of the same kind that expires by the policy, which reads back as it was set', async () => {
  const start = Date.UTC(2027, 0, 31);
  const { keys, owner } = await runningVault(() => start);
  const client = keys(owner);
  await client.createEcKey('kek', { curve: 'P-384', keyOps: ['sign'], tags: { silo: 'a' } });
  expect((await client.getKeyRotationPolicy('kek')).lifetimeActions).toEqual([]);
  await client.updateKeyRotationPolicy('kek', {
    expiresIn: 'P1Y10D',
    lifetimeActions: [{ action: 'Rotate', timeAfterCreate: 'P90D' }],
  });
  expect(await client.getKeyRotationPolicy('kek')).toMatchObject({
    expiresIn: 'P1Y10D',
    lifetimeActions: [{ action: 'Rotate', timeAfterCreate: 'P90D' }],
  });
  const rotated = await client.rotateKey('kek');
  expect(rotated.key?.crv).toBe('P-384');
  expect(rotated).toMatchObject({ keyOperations: ['sign'], properties: { tags: { silo: 'a' } } });
  expect(rotated.properties.expiresOn).toEqual(new Date(Date.UTC(2028, 1, 10)));
  expect(await refusalOf(client.updateKeyRotationPolicy('kek', { expiresIn: 'one year' }))).toMatchObject({
    status: 400,
  });
});

test('a key whose policy says so rotates by itself, once, also after a restart, and says so in the audit log', async () => {
  let time = Date.UTC(2027, 0, 1);
  const running = await runningVault(() => time);
  const client = running.keys(running.owner);
  const day = 24 * 3600_000;
  const versions = async (name: string) => {
    let count = 0;
    for await (const _version of client.listPropertiesOfKeyVersions(name)) count += 1;
    return count;
  };
  await client.createEcKey('by-age');
  await client.createEcKey('by-expiry', { expiresOn: new Date(time + 100 * day) });
  await client.createEcKey('notify-only');
  const rotate = (name: string, when: object) =>
    client.updateKeyRotationPolicy(name, {
      expiresIn: 'P1Y',
      lifetimeActions: [{ action: 'Rotate', ...when }],
    });
  await rotate('by-age', { timeAfterCreate: 'P90D' });
  await rotate('by-expiry', { timeBeforeExpiry: 'P30D' });
  await client.updateKeyRotationPolicy('notify-only', {
    lifetimeActions: [{ action: 'Notify', timeAfterCreate: 'P1D' }],
  });
  time += 69 * day;
  await running.vault.rotateDueKeys();
  expect([await versions('by-age'), await versions('by-expiry')]).toEqual([1, 1]);
  time += day;
  await running.vault.rotateDueKeys();
  await running.vault.rotateDueKeys();
  expect([await versions('by-age'), await versions('by-expiry')]).toEqual([1, 2]);
  time += 20 * day;
  await running.restart();
  await running.vault.rotateDueKeys();
  expect([await versions('by-age'), await versions('by-expiry'), await versions('notify-only')]).toEqual([
    2, 2, 1,
  ]);
  const own = (await running.vault.auditLines()).filter(({ caller }) => caller === 'rotation-policy');
  expect(own.map(({ key }) => key.split('/')[0])).toEqual(['by-expiry', 'by-age']);
});

test('lists show every key, version and deleted key once, across pages', async () => {
  const { keys, owner, vault } = await runningVault();
  const client = keys(owner);
  for (let index = 0; index < 57; index += 1) await vault.ensureKey(`key-${index}`, { kty: 'EC' });
  for (let index = 0; index < 30; index += 1) await client.createEcKey('key-0');
  const names = async <T extends { name: string }>(list: AsyncIterable<T>) => {
    const all: string[] = [];
    for await (const { name } of list) all.push(name);
    return all;
  };
  const listed = await names(client.listPropertiesOfKeys());
  expect(new Set(listed).size).toBe(57);
  expect(listed).toHaveLength(57);
  const versions = new Set<string>();
  for await (const { version } of client.listPropertiesOfKeyVersions('key-0')) versions.add(version ?? '');
  expect(versions.size).toBe(31);
  const pages: number[] = [];
  for await (const page of client.listPropertiesOfKeys().byPage({ maxPageSize: 20 })) pages.push(page.length);
  expect(pages).toEqual([20, 20, 17]);
  for (let index = 0; index < 3; index += 1) await client.beginDeleteKey(`key-${index}`, FAST);
  expect(await names(client.listDeletedKeys())).toEqual(['key-0', 'key-1', 'key-2']);
  expect(await names(client.listPropertiesOfKeys())).toHaveLength(54);
});

test('a deleted key is gone for good after its retention, and its name is free', async () => {
  let time = Date.UTC(2027, 0, 1);
  const { keys, owner, restart } = await runningVault(() => time);
  const client = keys(owner);
  const first = await client.createEcKey('sig');
  await client.beginDeleteKey('sig', FAST);
  time += 90 * 24 * 3600_000;
  expect(await refusalOf(client.getDeletedKey('sig'))).toMatchObject({ status: 404 });
  const second = await client.createEcKey('sig');
  expect(second.properties.version).not.toBe(first.properties.version);
  await restart();
  expect((await client.getKey('sig')).id).toBe(second.id);
  const versions: unknown[] = [];
  for await (const version of client.listPropertiesOfKeyVersions('sig')) versions.push(version);
  expect(versions).toHaveLength(1);
});

test('two creations at once give two versions, and ensureKey gives the same one to everybody', async () => {
  const { keys, owner, vault } = await runningVault();
  const client = keys(owner);
  await client.createEcKey('warm');
  await Promise.all([client.createRsaKey('kek'), client.createEcKey('kek'), client.createEcKey('kek')]);
  const versions: unknown[] = [];
  for await (const version of client.listPropertiesOfKeyVersions('kek')) versions.push(version);
  expect(versions).toHaveLength(3);
  const ensured = await Promise.all(Array.from({ length: 8 }, () => vault.ensureKey('sig', { kty: 'EC' })));
  expect(new Set(ensured.map(({ kid }) => kid)).size).toBe(1);
  expect((await client.getKey('sig')).id).toBe(ensured[0]?.kid);
  await expect(vault.ensureKey('sig', { kty: 'RSA' })).rejects.toThrow(/is of type EC/);
});

test('what Key Vault has and this vault has not is refused and leaves no key behind', async () => {
  const { keys, owner } = await runningVault();
  const client = keys(owner);
  expect(await refusalOf(client.createEcKey('bad', { curve: 'P-521' }))).toMatchObject({ status: 400 });
  expect(await refusalOf(client.createRsaKey('bad', { exportable: true }))).toEqual({
    status: 501,
    code: 'NotImplemented',
  });
  expect(await refusalOf(client.getKey('bad'))).toEqual({ status: 404, code: 'KeyNotFound' });
});
