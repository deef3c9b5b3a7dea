import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'vitest';
import { idOf, refusalOf } from '../../local/key-vault/running-vault.ts';
import { keyVaultSuite } from './key-vault-backend.ts';

const suite = keyVaultSuite();
const { conform } = suite;

const FAST = { intervalInMs: 10 };

conform(
  ['KeyCreate', 'KeyGet'],
  'keys of every kind are created with the attributes asked for and read back',
  async () => {
    const kek = suite.freshName('kek');
    const client = suite.keys();
    const rsa = await client.createRsaKey(kek, {
      keySize: 3072,
      tags: { silo: 'a' },
      keyOps: ['wrapKey', 'unwrapKey'],
    });
    expect(Buffer.from(rsa.key?.n ?? [])).toHaveLength(384);
    expect(rsa.keyOperations).toEqual(['wrapKey', 'unwrapKey']);
    expect(rsa.properties).toMatchObject({
      enabled: true,
      tags: { silo: 'a' },
    });
    expect(rsa.key?.d).toBeUndefined();
    const ec = await client.createEcKey(suite.freshName('sig'), { curve: 'P-384' });
    expect(ec).toMatchObject({ keyType: 'EC', keyOperations: ['sign', 'verify'], key: { crv: 'P-384' } });
    expect((await client.createKey(suite.freshName('plain'), 'RSA-HSM')).keyType).toBe('RSA-HSM');
    const from = new Date(1_900_000_000_000);
    const until = new Date(1_950_000_000_000);
    const dated = await client.createEcKey(suite.freshName('dated'), {
      notBefore: from,
      expiresOn: until,
      enabled: false,
    });
    expect(dated.properties).toMatchObject({ notBefore: from, expiresOn: until, enabled: false });
    expect((await client.getKey(kek.toUpperCase())).id).toBe(rsa.id);
    expect((await client.getKey(kek, { version: rsa.properties.version ?? '' })).id).toBe(rsa.id);
    expect(await refusalOf(client.getKey(kek, { version: '0'.repeat(32) }))).toEqual({
      status: 404,
      code: 'KeyNotFound',
    });
    expect(await refusalOf(client.getKey(suite.freshName('none')))).toEqual({
      status: 404,
      code: 'KeyNotFound',
    });
  },
);

conform(
  ['KeyCreate', 'KeyImport'],
  'what the vault cannot make is refused and leaves no key behind',
  async () => {
    const bad = suite.freshName('bad');
    const client = suite.keys();
    for (const refused of [
      () => client.createRsaKey(bad, { keySize: 1024 }),
      () => client.createKey(bad, 'oct'),
      () => client.createEcKey(bad, { keyOps: ['wrapKey'] }),
      () => client.createRsaKey(bad, { notBefore: new Date(2e12), expiresOn: new Date(1e12) }),
      () => client.createKey('under_score', 'RSA'),
      () => client.importKey(bad, { kty: 'RSA', n: Buffer.of(1), e: Buffer.of(3) }),
    ]) {
      expect(await refusalOf(refused())).toEqual({ status: 400, code: 'BadParameter' });
    }
    expect(await refusalOf(client.getKey(bad))).toEqual({ status: 404, code: 'KeyNotFound' });
  },
);

conform(
  ['KeyImport', 'KeyWrap', 'KeyUnwrap'],
  'an imported key works like its original and only its public part comes back',
  async () => {
    const kek = suite.freshName('kek');
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = pair.privateKey.export({ format: 'jwk' });
    const part = (name: 'n' | 'e' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi') =>
      Buffer.from(jwk[name] ?? '', 'base64url');
    const imported = await suite.keys().importKey(kek, {
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
    const client = suite.crypto(idOf(imported));
    const { result } = await client.wrapKey('RSA-OAEP-256', Buffer.from('dek'));
    expect(Buffer.from((await client.unwrapKey('RSA-OAEP-256', result)).result).toString()).toBe('dek');
  },
);

conform(
  ['KeyUpdate', 'KeyGet'],
  'a version is disabled, re-enabled, given a lifetime and fewer operations',
  async () => {
    const kek = suite.freshName('kek');
    const client = suite.keys();
    const key = await client.createRsaKey(kek);
    const version = key.properties.version ?? '';
    await client.updateKeyProperties(kek, version, { enabled: false });
    expect(await refusalOf(client.getKey(kek))).toEqual({ status: 403, code: 'KeyDisabled' });
    const expiresOn = new Date(1_950_000_000_000);
    const updated = await client.updateKeyProperties(kek, {
      enabled: true,
      expiresOn,
      keyOps: ['unwrapKey'],
      tags: { a: 'b' },
    });
    expect(updated.id).toBe(key.id);
    expect(updated.keyOperations).toEqual(['unwrapKey']);
    expect((await client.getKey(kek)).properties).toMatchObject({
      enabled: true,
      expiresOn,
      tags: { a: 'b' },
    });
  },
);

conform(
  ['KeyDelete', 'KeyGetDeleted', 'KeyRecover', 'KeyPurge'],
  'a deleted key keeps its name, cannot be purged, and comes back whole when recovered',
  async () => {
    const kek = suite.freshName('kek');
    const client = suite.keys();
    const key = await client.createRsaKey(kek);
    const use = suite.crypto(idOf(key));
    const { result } = await use.wrapKey('RSA-OAEP-256', Buffer.from('dek'));
    const deleted = await (await client.beginDeleteKey(kek, FAST)).pollUntilDone();
    expect(deleted.properties.recoveryId).toMatch(new RegExp(`deletedkeys/${kek}$`));
    expect(Number(deleted.properties.scheduledPurgeDate) - Number(deleted.properties.deletedOn)).toBe(
      90 * 24 * 3600_000,
    );
    expect((await client.getDeletedKey(kek)).id).toBe(key.id);
    expect(await refusalOf(client.getKey(kek))).toEqual({ status: 404, code: 'KeyNotFound' });
    expect(await refusalOf(use.unwrapKey('RSA-OAEP-256', result))).toEqual({
      status: 404,
      code: 'KeyNotFound',
    });
    expect(await refusalOf(client.createRsaKey(kek))).toEqual({
      status: 409,
      code: 'ObjectIsDeletedButRecoverable',
    });
    expect(await refusalOf(client.purgeDeletedKey(kek))).toEqual({
      status: 403,
      code: 'PurgeProtectionEnabled',
    });
    expect(await refusalOf(client.beginDeleteKey(kek, FAST))).toMatchObject({ status: 404 });
    const recovered = await (await client.beginRecoverDeletedKey(kek, FAST)).pollUntilDone();
    expect(recovered.id).toBe(key.id);
    expect(Buffer.from((await use.unwrapKey('RSA-OAEP-256', result)).result).toString()).toBe('dek');
    expect(await refusalOf(client.getDeletedKey(kek))).toMatchObject({ status: 404 });
  },
  { feature: 'purge protection' },
);

conform(
  ['KeyList', 'KeyListVersions', 'KeyDelete', 'KeyListDeleted', 'KeyGetDeleted', 'KeyRecover'],
  'lists show every key, version and deleted key once, across pages, and a deleted key comes back',
  async () => {
    const client = suite.keys();
    const name = suite.freshName('listed');
    for (let version = 0; version < 4; version += 1) await client.createEcKey(name);
    const versions = new Set<string>();
    for await (const page of client.listPropertiesOfKeyVersions(name).byPage({ maxPageSize: 2 })) {
      expect(page.length).toBeLessThanOrEqual(2);
      for (const { version } of page) versions.add(version ?? '');
    }
    expect(versions.size).toBe(4);
    const named = async (list: AsyncIterable<{ name: string }>) => {
      let count = 0;
      for await (const entry of list) if (entry.name === name) count += 1;
      return count;
    };
    expect(await named(client.listPropertiesOfKeys())).toBe(1);
    await (await client.beginDeleteKey(name, FAST)).pollUntilDone();
    expect(await named(client.listPropertiesOfKeys())).toBe(0);
    expect(await named(client.listDeletedKeys())).toBe(1);
    await (await client.beginRecoverDeletedKey(name, FAST)).pollUntilDone();
    expect(await named(client.listPropertiesOfKeys())).toBe(1);
  },
);

conform(
  ['KeyRotationPolicySet', 'KeyRotationPolicyGet', 'KeyRotate'],
  'a rotation adds a version of the same kind, and the policy reads back as it was set',
  async () => {
    const client = suite.keys();
    const name = suite.freshName('rotated');
    const first = await client.createEcKey(name, { curve: 'P-384', keyOps: ['sign'], tags: { silo: 'a' } });
    await client.updateKeyRotationPolicy(name, {
      expiresIn: 'P1Y10D',
      lifetimeActions: [{ action: 'Rotate', timeAfterCreate: 'P90D' }],
    });
    const policy = await client.getKeyRotationPolicy(name);
    expect(policy.expiresIn).toBe('P1Y10D');
    expect(policy.lifetimeActions).toContainEqual(
      expect.objectContaining({ action: 'Rotate', timeAfterCreate: 'P90D' }),
    );
    const rotated = await client.rotateKey(name);
    expect(rotated.key?.crv).toBe('P-384');
    expect(rotated).toMatchObject({ keyOperations: ['sign'], properties: { tags: { silo: 'a' } } });
    expect(rotated.properties.version).not.toBe(first.properties.version);
    expect(await refusalOf(client.updateKeyRotationPolicy(name, { expiresIn: 'one year' }))).toMatchObject({
      status: 400,
    });
  },
);
