import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { TokenCredential } from '@azure/identity';
import { expect, test } from 'vitest';
import type { DataAction } from '../../../shared/domain/access.ts';
import { idOf, type RunningVault, refusalOf, runningVault } from './running-vault.ts';

/** Every operation as one call, with the actions of which any one allows it. */
function operations(running: RunningVault, kid: string, caller: TokenCredential) {
  const client = running.keys(caller);
  const use = () => running.crypto(kid, caller);
  const digest = Buffer.alloc(32, 1);
  const first = async (list: AsyncIterable<unknown>) => {
    for await (const _entry of list) break;
  };
  const fast = { intervalInMs: 1 };
  const manage: Record<string, () => Promise<unknown>> = {
    create: () => client.createEcKey('fresh'),
    import: () => client.importKey('fresh', { kty: 'RSA' }),
    update: () => client.updateKeyProperties('kek', { tags: {} }),
    rotate: () => client.rotateKey('other'),
    setPolicy: () => client.updateKeyRotationPolicy('kek', {}),
    delete: () => client.beginDeleteKey('doomed', fast),
    recover: () => client.beginRecoverDeletedKey('never-was', fast),
    purge: () => client.purgeDeletedKey('doomed'),
    backup: () => client.backupKey('kek'),
    restore: () => client.restoreKeyBackup(Buffer.of(1)),
    random: () => client.getRandomBytes(1),
  };
  const read: Record<string, () => Promise<unknown>> = {
    get: () => client.getKey('kek'),
    list: () => first(client.listPropertiesOfKeys()),
    versions: () => first(client.listPropertiesOfKeyVersions('kek')),
    getPolicy: () => client.getKeyRotationPolicy('kek'),
    getDeleted: () => client.getDeletedKey('gone'),
    listDeleted: () => first(client.listDeletedKeys()),
  };
  const unwrap: Record<string, () => Promise<unknown>> = {
    wrap: () => use().wrapKey('RSA-OAEP-256', digest),
    unwrap: () => use().unwrapKey('RSA-OAEP-256', digest),
    encrypt: () => use().encrypt({ algorithm: 'RSA-OAEP-256', plaintext: digest }),
    decrypt: () => use().decrypt({ algorithm: 'RSA-OAEP-256', ciphertext: digest }),
  };
  const table: { name: string; call: () => Promise<unknown>; allowedBy: DataAction[] }[] = [
    { name: 'sign', call: () => use().sign('RS256', digest), allowedBy: ['keys/sign'] },
    {
      name: 'verify',
      call: () => use().verify('RS256', digest, digest),
      allowedBy: ['keys/read', 'keys/sign'],
    },
  ];
  for (const [calls, action] of [
    [manage, 'keys/manage'],
    [read, 'keys/read'],
    [unwrap, 'keys/unwrap'],
  ] as const) {
    for (const [name, call] of Object.entries(calls)) table.push({ name, call, allowedBy: [action] });
  }
  return table;
}

test('each identity may do exactly what its grant says, on every operation', async () => {
  const running = await runningVault();
  const { vault, identityWith } = running;
  const { kid } = await vault.ensureKey('kek', { kty: 'RSA' });
  await vault.ensureKey('other', { kty: 'EC' });
  await vault.ensureKey('doomed', { kty: 'EC' });
  const actions: DataAction[] = ['keys/read', 'keys/unwrap', 'keys/sign', 'keys/manage', 'blob/write'];
  for (const action of actions) {
    const caller = await identityWith(`with ${action}`, [action]);
    for (const { name, call, allowedBy } of operations(running, kid, caller)) {
      const { code } = await refusalOf(call());
      expect(['ForbiddenByRbac', 'Forbidden'].includes(code), `${name} by ${action}: ${code}`).toBe(
        !allowedBy.includes(action),
      );
    }
  }
});

test('a grant on one key opens no other key, no list and no other vault, and tells nothing of what exists', async () => {
  const { vault, identityWith, keys, crypto } = await runningVault();
  const kek = await vault.ensureKey('kek', { kty: 'RSA' });
  const other = await vault.ensureKey('kek2', { kty: 'RSA' });
  const caller = await identityWith('narrow', ['keys/read', 'keys/unwrap'], 'keyvault/silo-a/keys/kek');
  const stranger = await identityWith('stranger', ['keys/read', 'keys/unwrap'], 'keyvault/silo-b/keys/*');
  const client = keys(caller);
  const refused = { status: 403, code: 'ForbiddenByRbac' };
  expect((await client.getKey('KEK')).id).toBe(kek.kid);
  expect(await refusalOf(client.getKey('kek2'))).toEqual(refused);
  expect(await refusalOf(client.getKey('no-such-key'))).toEqual(refused);
  expect(await refusalOf(client.listPropertiesOfKeys().next())).toMatchObject({ status: 403 });
  expect(await refusalOf(crypto(other.kid, caller).unwrapKey('RSA-OAEP-256', Buffer.alloc(256)))).toEqual(
    refused,
  );
  expect(await refusalOf(keys(stranger).getKey('kek'))).toEqual(refused);
});

test('a revoked grant ends on the next request of a client that already worked', async () => {
  const { vault, identityWith, identity, crypto } = await runningVault();
  const { kid } = await vault.ensureKey('kek', { kty: 'RSA' });
  const caller = await identityWith('silo', ['keys/unwrap']);
  const client = crypto(kid, caller);
  const { result } = await client.wrapKey('RSA-OAEP-256', Buffer.from('dek'));
  await client.unwrapKey('RSA-OAEP-256', result);
  await identity.setGrants('silo', []);
  expect(await refusalOf(client.unwrapKey('RSA-OAEP-256', result))).toEqual({
    status: 403,
    code: 'ForbiddenByRbac',
  });
});

interface RawAnswer {
  readonly status: number;
  readonly challenge: string;
  readonly code: string;
}

/** A request without the SDK, for what the SDK never sends. */
async function raw(
  url: string,
  options: { method?: string; token?: string; body?: string } = {},
): Promise<RawAnswer> {
  const headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
  const sent = request(url, { method: options.method ?? 'GET', headers, agent: false });
  sent.end(options.body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  const { error } = JSON.parse(text) as { error?: { code: string } };
  return {
    status: response.statusCode ?? 0,
    challenge: response.headers['www-authenticate'] ?? '',
    code: error?.code ?? '',
  };
}

test('a request without a good token is told where to get one, and nothing else', async () => {
  const { vault, identity, owner } = await runningVault();
  await vault.ensureKey('kek', { kty: 'RSA' });
  const url = `${vault.endpoint}/keys/kek/?api-version=2025-07-01`;
  const bare = await raw(url);
  expect(bare).toMatchObject({ status: 401, code: 'Unauthorized' });
  expect(bare.challenge).toBe(
    `Bearer authorization="https://login.microsoftonline.com/${identity.tenantId}", resource="https://vault.azure.net"`,
  );
  expect(await raw(`${vault.endpoint}/nothing/here`)).toMatchObject({ status: 401 });
  const forged = await raw(url, { token: 'a.b.c' });
  expect(forged.status).toBe(401);
  expect(forged.challenge).toContain('error="invalid_token"');
  const foreign = await owner.getToken('https://storage.azure.com/.default');
  expect((await raw(url, { token: foreign?.token ?? '' })).status).toBe(401);
});

test('requests that no client should send get a refusal in the form of the service', async () => {
  const { vault, owner } = await runningVault();
  await vault.ensureKey('kek', { kty: 'RSA' });
  const { token } = (await owner.getToken('https://vault.azure.net/.default')) ?? { token: '' };
  const at = (path: string) => `${vault.endpoint}${path}?api-version=7.4`;
  const post = (path: string, body: string) => raw(at(path), { method: 'POST', token, body });
  const bad = { status: 400, code: 'BadParameter' };
  expect(await raw(`${vault.endpoint}/keys/kek`, { token })).toMatchObject(bad);
  expect(await raw(at('/keys/kek'), { token })).toMatchObject({ status: 200 });
  expect(await raw(at('/keys/%6Bek'), { token })).toMatchObject(bad);
  expect(await raw(at('/secrets/kek'), { token })).toMatchObject({ status: 404 });
  expect(await raw(at('/keys/kek/create'), { method: 'PURGE', token })).toMatchObject({ status: 404 });
  expect(await raw(`${at('/keys')}&maxresults=0`, { token })).toMatchObject(bad);
  expect(await raw(`${at('/keys')}&maxresults=1000`, { token })).toMatchObject(bad);
  for (const body of [
    '',
    '{',
    'null',
    '[]',
    '{"alg":1}',
    '{"alg":"RSA-OAEP-256","value":"+/="}',
    '{"alg":"x","value":""}',
  ]) {
    expect(await post('/keys/kek//unwrapkey', body), body).toMatchObject(bad);
  }
  expect(await post('/keys/kek//sign', JSON.stringify({ alg: '__proto__', value: 'AA' }))).toMatchObject(bad);
  expect(await post('/keys/new/create', '{"kty":"RSA","unknown":1}')).toMatchObject(bad);
  expect(await post('/keys/kek//unwrapkey', 'x'.repeat(100_000))).toMatchObject({ status: 413 });
  expect((await raw(at('/keys/new'), { token })).status).toBe(404);
});

test('the audit log says who did what with which key version and how it ended', async () => {
  const { vault, keys, crypto, owner, identityWith } = await runningVault();
  const nobody = await identityWith('nobody', []);
  const key = await keys(owner).createRsaKey('kek');
  const version = `kek/${key.properties.version}`;
  const { result } = await crypto(idOf(key), owner).wrapKey('RSA-OAEP-256', Buffer.from('dek'));
  await refusalOf(crypto(idOf(key), nobody).unwrapKey('RSA-OAEP-256', result));
  await refusalOf(keys(nobody).getKey('kek'));
  const lines = (await vault.auditLines()).map(({ operation, key: used, caller, result: end }) => [
    operation,
    used,
    caller,
    end,
  ]);
  expect(lines).toContainEqual(['KeyCreate', version, owner.objectId, 'ok']);
  expect(lines).toContainEqual(['KeyWrap', version, owner.objectId, 'ok']);
  expect(lines).toContainEqual(['KeyUnwrap', version, nobody.objectId, 'ForbiddenByRbac']);
  expect(lines).toContainEqual(['KeyGet', 'kek', nobody.objectId, 'ForbiddenByRbac']);
});
