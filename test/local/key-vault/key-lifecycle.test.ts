import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { idOf, refusalOf, runningVault } from './running-vault.ts';

const FAST = { intervalInMs: 10 };

test('keys of every kind are created with the attributes asked for and read back', async () => {
  const { keys, owner } = await runningVault();
  const client = keys(owner);
  const rsa = await client.createRsaKey('kek', {
    keySize: 3072,
    tags: { silo: 'a' },
    keyOps: ['wrapKey', 'unwrapKey'],
  });
  expect(Buffer.from(rsa.key?.n ?? [])).toHaveLength(384);
  expect(rsa.keyOperations).toEqual(['wrapKey', 'unwrapKey']);
  expect(rsa.properties).toMatchObject({
    enabled: true,
    recoveryLevel: 'Recoverable',
    recoverableDays: 90,
    tags: { silo: 'a' },
  });
  expect(rsa.key?.d).toBeUndefined();
  const ec = await client.createEcKey('sig', { curve: 'P-384' });
  expect(ec).toMatchObject({ keyType: 'EC', keyOperations: ['sign', 'verify'], key: { crv: 'P-384' } });
  expect((await client.createKey('plain', 'RSA-HSM')).keyType).toBe('RSA-HSM');
  const from = new Date(1_900_000_000_000);
  const until = new Date(1_950_000_000_000);
  const dated = await client.createEcKey('dated', { notBefore: from, expiresOn: until, enabled: false });
  expect(dated.properties).toMatchObject({ notBefore: from, expiresOn: until, enabled: false });
  expect((await client.getKey('KEK')).id).toBe(rsa.id);
  expect((await client.getKey('kek', { version: rsa.properties.version ?? '' })).id).toBe(rsa.id);
  expect(await refusalOf(client.getKey('kek', { version: '0'.repeat(32) }))).toEqual({
    status: 404,
    code: 'KeyNotFound',
  });
  expect(await refusalOf(client.getKey('none'))).toEqual({ status: 404, code: 'KeyNotFound' });
});

test('what the vault cannot make is refused and leaves no key behind', async () => {
  const { keys, owner } = await runningVault();
  const client = keys(owner);
  for (const refused of [
    () => client.createRsaKey('bad', { keySize: 1024 }),
    () => client.createKey('bad', 'oct'),
    () => client.createEcKey('bad', { curve: 'P-521' }),
    () => client.createEcKey('bad', { keyOps: ['wrapKey'] }),
    () => client.createRsaKey('bad', { notBefore: new Date(2e12), expiresOn: new Date(1e12) }),
    () => client.createKey('under_score', 'RSA'),
    () => client.importKey('bad', { kty: 'RSA', n: Buffer.of(1), e: Buffer.of(3) }),
  ]) {
    expect(await refusalOf(refused())).toEqual({ status: 400, code: 'BadParameter' });
  }
  expect(await refusalOf(client.createRsaKey('bad', { exportable: true }))).toEqual({
    status: 501,
    code: 'NotImplemented',
  });
  expect(await refusalOf(client.getKey('bad'))).toEqual({ status: 404, code: 'KeyNotFound' });
});

test('an imported key works like its original and only its public part comes back', async () => {
  const { keys, crypto, owner } = await runningVault();
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = pair.privateKey.export({ format: 'jwk' });
  const part = (name: 'n' | 'e' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi') =>
    Buffer.from(jwk[name] ?? '', 'base64url');
  const imported = await keys(owner).importKey('kek', {
    kty: 'RSA',
    keyOps: ['wrapKey', 'unwrapKey'],
    n: part('n'),
    e: part('e'),
    d: part('d'),
    p: part('p'),
    q: part('q'),
    dp: part('dp'),
    dq: part('dq'),
    qi: part('qi'),
  });
  expect(JSON.stringify(imported)).not.toContain(jwk.d);
  const client = crypto(idOf(imported), owner);
  const { result } = await client.wrapKey('RSA-OAEP-256', Buffer.from('dek'));
  expect(Buffer.from((await client.unwrapKey('RSA-OAEP-256', result)).result).toString()).toBe('dek');
});

test('a version is disabled, re-enabled, given a lifetime and fewer operations', async () => {
  const { keys, owner } = await runningVault();
  const client = keys(owner);
  const key = await client.createRsaKey('kek');
  const version = key.properties.version ?? '';
  await client.updateKeyProperties('kek', version, { enabled: false });
  expect(await refusalOf(client.getKey('kek'))).toEqual({ status: 403, code: 'KeyDisabled' });
  const expiresOn = new Date(1_950_000_000_000);
  const updated = await client.updateKeyProperties('kek', {
    enabled: true,
    expiresOn,
    keyOps: ['unwrapKey'],
    tags: { a: 'b' },
  });
  expect(updated.id).toBe(key.id);
  expect(updated.keyOperations).toEqual(['unwrapKey']);
  expect((await client.getKey('kek')).properties).toMatchObject({
    enabled: true,
    expiresOn,
    tags: { a: 'b' },
  });
});

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

test('a deleted key keeps its name, cannot be purged, and comes back whole when recovered', async () => {
  const { keys, crypto, owner } = await runningVault();
  const client = keys(owner);
  const key = await client.createRsaKey('kek');
  const use = crypto(idOf(key), owner);
  const { result } = await use.wrapKey('RSA-OAEP-256', Buffer.from('dek'));
  const deleted = await (await client.beginDeleteKey('kek', FAST)).pollUntilDone();
  expect(deleted.properties.recoveryId).toMatch(/deletedkeys\/kek$/);
  expect(Number(deleted.properties.scheduledPurgeDate) - Number(deleted.properties.deletedOn)).toBe(
    90 * 24 * 3600_000,
  );
  expect((await client.getDeletedKey('kek')).id).toBe(key.id);
  expect(await refusalOf(client.getKey('kek'))).toEqual({ status: 404, code: 'KeyNotFound' });
  expect(await refusalOf(use.unwrapKey('RSA-OAEP-256', result))).toEqual({
    status: 404,
    code: 'KeyNotFound',
  });
  expect(await refusalOf(client.createRsaKey('kek'))).toEqual({
    status: 409,
    code: 'ObjectIsDeletedButRecoverable',
  });
  expect(await refusalOf(client.purgeDeletedKey('kek'))).toEqual({
    status: 403,
    code: 'PurgeProtectionEnabled',
  });
  expect(await refusalOf(client.beginDeleteKey('kek', FAST))).toMatchObject({ status: 404 });
  const recovered = await (await client.beginRecoverDeletedKey('kek', FAST)).pollUntilDone();
  expect(recovered.id).toBe(key.id);
  expect(Buffer.from((await use.unwrapKey('RSA-OAEP-256', result)).result).toString()).toBe('dek');
  expect(await refusalOf(client.getDeletedKey('kek'))).toMatchObject({ status: 404 });
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

test('operations that would move key material out are refused by name', async () => {
  const { keys, owner, vault } = await runningVault();
  const client = keys(owner);
  await client.createEcKey('kek');
  expect(await refusalOf(client.backupKey('kek'))).toEqual({ status: 501, code: 'NotImplemented' });
  await expect(client.backupKey('kek')).rejects.toThrow(/KeyBackup is not supported/);
  await expect(client.restoreKeyBackup(Buffer.from('x'))).rejects.toThrow(/KeyRestore/);
  await expect(client.releaseKey('kek', 'attestation')).rejects.toThrow(/KeyRelease/);
  await expect(client.getRandomBytes(16)).rejects.toThrow(/KeyGetRandomBytes/);
  await expect(client.getKeyAttestation('kek')).rejects.toThrow(/KeyGetAttestation/);
  expect(vault.port).toBeGreaterThan(0);
});
