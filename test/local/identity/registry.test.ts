import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Principal } from '../../../local/core/principal.ts';
import { startIdentity } from '../../../local/identity/identity-service.ts';
import { bundleEntry, startChild } from '../core/child-process.ts';
import { temporaryDirectory } from '../core/temporary-directory.ts';

async function start(dataDir: string, tenantId?: string) {
  const identity = await startIdentity({ port: 0, dataDir, ...(tenantId === undefined ? {} : { tenantId }) });
  onTestFinished(() => identity.close());
  return identity;
}

function principal(objectId: string): Principal {
  return { objectId, clientId: '', tenantId: '', name: '', roles: [], expiresAt: 0 };
}

test('identities, secrets, grants and the signing key are the same after a restart', async () => {
  const dataDir = await temporaryDirectory();
  const first = await start(dataDir);
  const a = await first.ensureIdentity({ name: 'a', appRoles: ['Silo.Agent'] });
  const workload = await first.ensureWorkload({ name: 'agent', identities: ['a'] });
  await first.setGrants('a', [{ action: 'blob/read', scope: 'blob/account/*' }]);
  const keys = await (await fetch(first.jwksUri)).json();
  await first.close();
  const second = await start(dataDir);
  expect(second.tenantId).toBe(first.tenantId);
  expect(second.identities()).toEqual(first.identities());
  expect(await second.ensureIdentity({ name: 'a', appRoles: ['Silo.Agent'] })).toEqual(a);
  expect(await second.ensureWorkload({ name: 'agent', identities: ['a'] })).toEqual(workload);
  expect(second.authorize(principal(a.objectId), 'blob/read', 'blob/account/models')).toBe(true);
  expect(await (await fetch(second.jwksUri)).json()).toEqual(keys);
});

test('grants allow exactly their action and scope, and a revoked one ends at once', async () => {
  const identity = await start(await temporaryDirectory());
  const { objectId } = await identity.ensureIdentity({ name: 'a' });
  await identity.ensureIdentity({ name: 'b' });
  const may = (action: 'keys/sign' | 'keys/read', scope: string) =>
    identity.authorize(principal(objectId), action, scope);
  expect(may('keys/sign', 'keyvault/silo-a/keys/sig')).toBe(false);
  await identity.setGrants('a', [
    { action: 'keys/sign', scope: 'keyvault/silo-a/keys/sig' },
    { action: 'keys/read', scope: 'keyvault/silo-a/*' },
  ]);
  expect(may('keys/sign', 'keyvault/silo-a/keys/sig')).toBe(true);
  expect(may('keys/sign', 'keyvault/silo-a/keys/sig2')).toBe(false);
  expect(may('keys/read', 'keyvault/silo-a/keys/any')).toBe(true);
  expect(may('keys/read', 'keyvault/silo-ab/keys/any')).toBe(false);
  expect(identity.authorize(principal('nobody'), 'keys/read', 'keyvault/silo-a/keys/any')).toBe(false);
  await identity.setGrants('a', []);
  expect(may('keys/sign', 'keyvault/silo-a/keys/sig')).toBe(false);
});

test('changes that come at once all stay, and unknown names are refused', async () => {
  const identity = await start(await temporaryDirectory());
  const names = Array.from({ length: 20 }, (_, index) => `silo-${index}`);
  const made = await Promise.all([...names, ...names].map((name) => identity.ensureIdentity({ name })));
  expect(new Set(made.map(({ objectId }) => objectId)).size).toBe(20);
  await expect(identity.ensureWorkload({ name: 'w', identities: ['stranger'] })).rejects.toThrow(/stranger/);
  await expect(identity.ensureWorkload({ name: 'w', identities: [] })).rejects.toThrow(/at least one/);
  await expect(identity.setGrants('stranger', [])).rejects.toThrow(/stranger/);
  await identity.ensureIdentity({ name: 'still works' });
  expect(identity.identities()).toHaveLength(21);
});

test('secrets are readable by their owner only, and a damaged registry is refused without quoting it', async () => {
  const dataDir = await temporaryDirectory();
  const identity = await start(dataDir);
  await identity.ensureIdentity({ name: 'a' });
  const { header } = await identity.ensureWorkload({ name: 'w', identities: ['a'] });
  const path = join(dataDir, 'identity', 'registry.json');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(dataDir, 'identity', 'signing-key.pem'))).mode & 0o777).toBe(0o600);
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, -3));
  const failure = await startIdentity({ port: 0, dataDir }).catch((error: Error) => error.message);
  expect(failure).toMatch(/not a registry/);
  expect(failure).not.toContain(header);
});

test('whatever was acknowledged before SIGKILL is there afterwards', async () => {
  const dataDir = await temporaryDirectory();
  const file = await bundleEntry('test/local/identity/killed-registry.ts');
  let last = '';
  for (let round = 0; round < 3; round += 1) {
    const child = startChild(file, [dataDir]);
    for (let lines = 0; lines < 15; lines += 1) last = await child.line();
    await child.kill();
  }
  const identity = await start(dataDir);
  const index = identity.identities().findIndex(({ name }) => name === last);
  expect(index).toBeGreaterThanOrEqual(40);
  for (const { name, grants } of identity.identities().slice(0, index + 1)) {
    expect(grants, name).toEqual([{ action: 'keys/read', scope: `keyvault/${name}/keys/*` }]);
  }
});
