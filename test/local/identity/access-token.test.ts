import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createRemoteJWKSet, jwtVerify, SignJWT } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { type IdentityOptions, startIdentity } from '../../../local/identity/identity-service.ts';
import { temporaryDirectory } from '../core/temporary-directory.ts';

const VAULT = 'https://vault.azure.net';

async function start(options: Partial<IdentityOptions> = {}) {
  const identity = await startIdentity({ port: 0, dataDir: await temporaryDirectory(), ...options });
  onTestFinished(() => identity.close());
  return identity;
}

async function tokenOf(
  identity: Awaited<ReturnType<typeof start>>,
  header: string,
  query: Record<string, string> = { resource: VAULT },
) {
  const search = new URLSearchParams({ 'api-version': '2019-08-01', ...query });
  const url = `${identity.managedIdentityEndpoint}?${search.toString()}`;
  const response = await fetch(url, { headers: { 'x-identity-header': header } });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

async function workload(identity: Awaited<ReturnType<typeof start>>, appRoles: string[] = []) {
  const names = await identity.ensureIdentity({ name: 'silo-a', appRoles });
  const { header } = await identity.ensureWorkload({ name: 'agent-a', identities: ['silo-a'] });
  return { ...names, header };
}

test('a token names its bearer, holds app roles for the product API only, and passes verification', async () => {
  const identity = await start();
  const { header, objectId, clientId } = await workload(identity, ['Silo.Agent']);
  const vault = await tokenOf(identity, header);
  expect(vault.body).toMatchObject({ token_type: 'Bearer', resource: VAULT, client_id: clientId });
  const principal = await identity.verify(vault.body['access_token'] ?? '', VAULT);
  expect(principal).toMatchObject({
    objectId,
    clientId,
    tenantId: identity.tenantId,
    name: 'silo-a',
    roles: [],
  });
  expect(principal.expiresAt).toBe(Number(vault.body['expires_on']) * 1000);
  const api = await tokenOf(identity, header, { resource: 'api://tributary' });
  const caller = await identity.verify(api.body['access_token'] ?? '', 'api://tributary');
  expect(caller.roles).toEqual(['Silo.Agent']);
});

test('anybody verifies tokens with the published key set and configuration', async () => {
  const identity = await start();
  const { header, objectId } = await workload(identity);
  const { body } = await tokenOf(identity, header);
  const configuration = await fetch(
    `${identity.endpoint}/${identity.tenantId}/v2.0/.well-known/openid-configuration`,
  );
  expect(await configuration.json()).toMatchObject({ issuer: identity.issuer, jwks_uri: identity.jwksUri });
  const keys = createRemoteJWKSet(new URL(identity.jwksUri));
  const expected = { issuer: identity.issuer, audience: VAULT };
  const { payload } = await jwtVerify(body['access_token'] ?? '', keys, expected);
  expect(payload).toMatchObject({ sub: objectId, oid: objectId, ver: '1.0' });
  const text = await (await fetch(identity.jwksUri)).text();
  expect(text).not.toContain('"d"');
});

test('a trailing slash of the audience makes no difference, another audience does', async () => {
  const identity = await start();
  const { header } = await workload(identity);
  const { body } = await tokenOf(identity, header, { resource: 'https://servicebus.azure.net/' });
  const token = body['access_token'] ?? '';
  await identity.verify(token, 'https://servicebus.azure.net');
  await identity.verify(token, 'https://servicebus.azure.net/');
  for (const other of [VAULT, 'https://servicebus.azure.net.evil', 'servicebus.azure.net', '']) {
    await expect(identity.verify(token, other)).rejects.toMatchObject({ reason: 'audience' });
  }
});

test('a token is refused from the moment it expires, and before it is valid', async () => {
  let time = 1_800_000_000_000;
  const identity = await start({ now: () => time, tokenLifetimeMs: 60_000 });
  const { header } = await workload(identity);
  const { body } = await tokenOf(identity, header);
  const token = body['access_token'] ?? '';
  time += 59_000;
  await identity.verify(token, VAULT);
  await expect(identity.verify(token, 'api://tributary')).rejects.toMatchObject({ reason: 'audience' });
  time += 1000;
  await expect(identity.verify(token, VAULT)).rejects.toMatchObject({ reason: 'expired' });
  time -= 61_000;
  await expect(identity.verify(token, VAULT)).rejects.toMatchObject({ reason: 'not-yet-valid' });
});

test('tokens that this issuer did not sign as it signs are refused with the reason', async () => {
  const identity = await start();
  const { header } = await workload(identity);
  const { body } = await tokenOf(identity, header);
  const [head = '', payload = '', signature = ''] = (body['access_token'] ?? '').split('.');
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwks = await (await fetch(identity.jwksUri)).text();
  const signed = (alg: string, key: Parameters<SignJWT['sign']>[0]) =>
    new SignJWT(claims).setProtectedHeader({ alg }).sign(key);
  const refused: [string, string, string][] = [
    ['no signature, alg none', `${part({ alg: 'none' })}.${payload}.`, 'signature'],
    ['another key', await signed('RS256', privateKey), 'signature'],
    ['HMAC with the public key as secret', await signed('HS256', Buffer.from(jwks)), 'signature'],
    ['a claim changed', `${head}.${part({ ...claims, oid: randomUUID() })}.${signature}`, 'signature'],
    ['a signature cut short', `${head}.${payload}.${signature.slice(0, -4)}`, 'signature'],
    ['empty', '', 'malformed'],
    ['two parts', `${head}.${payload}`, 'malformed'],
    ['garbage', 'x.y.z', 'malformed'],
    ['a megabyte of garbage', 'a'.repeat(1_000_000), 'malformed'],
  ];
  for (const [what, token, reason] of refused) {
    await expect(identity.verify(token, VAULT), what).rejects.toMatchObject({
      name: 'TokenRejected',
      reason,
    });
  }
});

test('a token of another tenant is refused', async () => {
  const [first, second] = [await start(), await start()];
  const { header } = await workload(first);
  const { body } = await tokenOf(first, header);
  await expect(second.verify(body['access_token'] ?? '', VAULT)).rejects.toMatchObject({
    reason: 'signature',
  });
});

test('a workload gets tokens for the identities it holds and for no other', async () => {
  const identity = await start();
  const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => identity.ensureIdentity({ name })));
  const { header } = await identity.ensureWorkload({ name: 'host', identities: ['a', 'b'] });
  const as = async (query: Record<string, string>) =>
    tokenOf(identity, header, { resource: VAULT, ...query });
  expect((await as({})).body['client_id']).toBe(a?.clientId);
  expect((await as({ client_id: b?.clientId ?? '' })).body['client_id']).toBe(b?.clientId);
  expect((await as({ principal_id: b?.objectId ?? '' })).body['client_id']).toBe(b?.clientId);
  expect((await as({ client_id: c?.clientId ?? '' })).status).toBe(400);
  expect((await as({ principal_id: c?.objectId ?? '' })).status).toBe(400);
  expect((await as({ mi_res_id: '/subscriptions/x' })).status).toBe(400);
  for (const wrong of ['', 'guess', header.toUpperCase(), `${header} `.padEnd(70, 'x')]) {
    expect((await tokenOf(identity, wrong)).status).toBe(401);
  }
  for (const resource of ['', 'vault.azure.net', 'http://vault.azure.net', 'https://', 'file:///etc']) {
    expect((await tokenOf(identity, header, { resource })).status, resource).toBe(400);
  }
  expect((await tokenOf(identity, header, { resource: VAULT, 'api-version': '2017-09-01' })).status).toBe(
    400,
  );
  expect((await fetch(identity.managedIdentityEndpoint, { method: 'POST' })).status).toBe(405);
  expect((await fetch(`${identity.endpoint}/other`)).status).toBe(404);
});
