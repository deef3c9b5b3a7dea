import { createECDH, randomBytes } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createFaultPlan } from '../../../local/core/faults.ts';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import { startKeyVault } from '../../../local/key-vault/key-vault-service.ts';
import { createSigningThread } from '../../../local/key-vault/signing-thread.ts';
import { openVault } from '../../../local/key-vault/vault.ts';
import { bundleEntry, startChild } from '../core/child-process.ts';
import { temporaryDirectory } from '../core/temporary-directory.ts';
import { idOf, runningVault } from './running-vault.ts';

async function everyByteUnder(directory: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) parts.push(await readFile(join(entry.parentPath, entry.name)));
  }
  return Buffer.concat(parts);
}

test('keys survive a restart and still open what they wrapped', async () => {
  const { keys, crypto, owner, restart } = await runningVault();
  const key = await keys(owner).createRsaKey('kek');
  const { result } = await crypto(idOf(key), owner).wrapKey('RSA-OAEP-256', Buffer.from('dek'));
  await keys(owner).rotateKey('kek');
  await restart();
  const opened = await crypto(idOf(key), owner).unwrapKey('RSA-OAEP-256', result);
  expect(Buffer.from(opened.result).toString()).toBe('dek');
});

test('nothing on disk or in the audit log holds a private key or an unwrapped one, and files are private', async () => {
  const { keys, crypto, owner, directory, vault } = await runningVault();
  const d = randomBytes(32);
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(d);
  const point = ecdh.getPublicKey();
  const pair = { x: point.subarray(1, 33), y: point.subarray(33) };
  await keys(owner).importKey('sig', { kty: 'EC', crv: 'P-256', d, ...pair });
  const kek = await keys(owner).createRsaKey('kek');
  const use = crypto(idOf(kek), owner);
  const dek = randomBytes(32);
  const { result } = await use.wrapKey('RSA-OAEP-256', dek);
  await use.unwrapKey('RSA-OAEP-256', result);
  const bytes = await everyByteUnder(directory);
  for (const secret of [d, dek]) {
    for (const form of [
      secret,
      Buffer.from(secret.toString('base64url')),
      Buffer.from(secret.toString('hex')),
    ]) {
      expect(bytes.includes(form)).toBe(false);
    }
  }
  expect(bytes.includes('PRIVATE KEY')).toBe(false);
  expect((await stat(join(directory, 'root.key'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(directory, 'keys', 'kek.json'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(directory, 'audit.jsonl'))).mode & 0o777).toBe(0o600);
  expect((await vault.auditLines()).length).toBeGreaterThan(3);
});

test('a vault whose root key is missing or whose key file is damaged refuses to open and changes nothing', async () => {
  const dataDir = await temporaryDirectory();
  const vault = await openVault(dataDir, 'https://127.0.0.1:1', Date.now, createSigningThread());
  await vault.ensure('kek', { kty: 'EC' });
  const keyFile = join(dataDir, 'keys', 'kek.json');
  const rootFile = join(dataDir, 'root.key');
  const [key, root] = [await readFile(keyFile), await readFile(rootFile)];
  const open = () => openVault(dataDir, 'https://127.0.0.1:1', Date.now, createSigningThread());
  await rm(rootFile);
  await expect(open()).rejects.toThrow(/root\.key is missing/);
  await expect(stat(rootFile)).rejects.toThrow();
  await writeFile(rootFile, root);
  await writeFile(keyFile, key.subarray(0, 40));
  await expect(open()).rejects.toThrow(/not a key/);
  await writeFile(keyFile, key);
  await writeFile(`${keyFile}.1.tmp`, 'left by a crash');
  await open();
  expect(await readdir(join(dataDir, 'keys'))).toEqual(['kek.json']);
});

test('a private part that was moved to another key file does not open there', async () => {
  const { keys, crypto, owner, directory, restart, failures } = await runningVault();
  await keys(owner).createEcKey('one');
  const two = await keys(owner).createEcKey('two');
  const path = (name: string) => join(directory, 'keys', `${name}.json`);
  const read = async (name: string) =>
    JSON.parse(await readFile(path(name), 'utf8')) as { versions: { sealedPrivate: string }[] };
  const [from, to] = [await read('one'), await read('two')];
  for (const version of to.versions) version.sealedPrivate = from.versions[0]?.sealedPrivate ?? '';
  await writeFile(path('two'), JSON.stringify(to));
  await restart();
  const client = crypto(idOf(two), owner, { retryOptions: { maxRetries: 0 } });
  await expect(client.sign('ES256', Buffer.alloc(32))).rejects.toMatchObject({ statusCode: 500 });
  expect(failures).toHaveLength(1);
});

test('whatever key version was acknowledged before SIGKILL signs and verifies afterwards', async () => {
  const dataDir = await temporaryDirectory();
  const file = await bundleEntry('test/local/key-vault/killed-vault.ts');
  const acknowledged: { kid: string; signature: string }[] = [];
  let port = '0';
  for (let round = 0; round < 3; round += 1) {
    const child = startChild(file, [dataDir, port]);
    port = await child.line();
    for (let lines = 0; lines < 8; lines += 1) {
      acknowledged.push(JSON.parse(await child.line()) as { kid: string; signature: string });
    }
    await child.kill();
  }
  const signing = createSigningThread();
  onTestFinished(() => signing.close());
  const vault = await openVault(
    join(dataDir, 'key-vault', 'silo-a'),
    `https://127.0.0.1:${port}`,
    Date.now,
    signing,
  );
  const digest = Buffer.alloc(32, 3).toString('base64url');
  for (const { kid, signature } of acknowledged) {
    const [name = '', version = ''] = kid.split('/').slice(-2);
    const body = Buffer.from(JSON.stringify({ alg: 'ES256', digest, value: signature }));
    const answer = await vault.run({ operation: 'KeyVerify', name, version }, new URL(kid), body);
    expect(answer, kid).toEqual({ value: true });
  }
});

test('a second vault on the port, or a name that is none, fails at start and leaves the first in service', async () => {
  const { vault, keys, owner, dataDir } = await runningVault();
  const tls = await ensureTlsMaterial(`${dataDir}/tls`);
  const options = {
    dataDir: await temporaryDirectory(),
    tls,
    verify: () => Promise.reject(new Error('unused')),
    authorize: () => false,
    authority: '',
    faults: createFaultPlan(),
  };
  await expect(startKeyVault({ ...options, port: vault.port, vault: 'silo-b' })).rejects.toThrow(
    /EADDRINUSE/,
  );
  await expect(startKeyVault({ ...options, port: 0, vault: '../escape' })).rejects.toThrow(/not a name/);
  await keys(owner).createEcKey('sig');
});
