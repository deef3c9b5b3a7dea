import { generateKeyPairSync } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyClientOptions } from '@azure/keyvault-keys';
import { expect, onTestFinished, test, vi } from 'vitest';
import { idOf, runningVault } from './running-vault.ts';

type Policies = NonNullable<KeyClientOptions['additionalPolicies']>;
const PARTS = ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const;

/** Everything that the client is answered, headers and bodies. */
function listener() {
  const heard: string[] = [];
  const additionalPolicies: Policies = [
    {
      position: 'perRetry',
      policy: {
        name: 'listener',
        async sendRequest(request, next) {
          const response = await next(request);
          heard.push(JSON.stringify(response.headers.toJSON()), response.bodyAsText ?? '');
          return response;
        },
      },
    },
  ];
  return { heard, additionalPolicies };
}

test('no part of a private key leaves the vault: not by an answer, a log, an error or a file', async () => {
  const written: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    const spy = vi.spyOn(stream, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    onTestFinished(() => spy.mockRestore());
  }
  const { keys, crypto, owner, dataDir, vault, failures } = await runningVault();
  const { heard, additionalPolicies } = listener();
  const client = keys(owner, { additionalPolicies });
  const jwk = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  const bytes = (part: string | undefined) => Buffer.from(part ?? '', 'base64url');
  const imported = await client.importKey('canary', {
    kty: 'RSA',
    n: bytes(jwk.n),
    e: bytes(jwk.e),
    ...Object.fromEntries(PARTS.map((part) => [part, bytes(jwk[part])])),
  });
  const ignored = () => undefined;
  const use = crypto(idOf(imported), owner, { additionalPolicies });
  const { result } = await use.wrapKey('RSA-OAEP-256', Buffer.from('data key'));
  await use.sign('PS256', Buffer.alloc(32, 1));
  await use.unwrapKey('RSA-OAEP-256', result.slice(1)).catch(ignored);
  await client.getKey('canary');
  await client.listPropertiesOfKeys().next();
  await client.listPropertiesOfKeyVersions('canary').next();
  await client.updateKeyProperties('canary', { tags: { seen: 'yes' } });
  await client.backupKey('canary').catch(ignored);
  await client.releaseKey('canary', 'attestation').catch(ignored);
  await client
    .importKey('canary', { kty: 'RSA', n: bytes(jwk.n), e: bytes(jwk.e), d: bytes(jwk.q) })
    .catch(ignored);
  await client.rotateKey('canary');
  await client.beginDeleteKey('canary', { intervalInMs: 1 });
  await client.getDeletedKey('canary');
  const files: Buffer[] = [];
  for (const entry of await readdir(dataDir, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) files.push(await readFile(join(entry.parentPath, entry.name)));
  }
  const everything = Buffer.concat([
    ...files,
    Buffer.from(
      [...heard, ...written, ...failures.map(String), JSON.stringify(await vault.auditLines())].join('\n'),
    ),
  ]);
  // The search finds what is there: the public part is in answers and files alike.
  expect(heard.length).toBeGreaterThan(20);
  expect(everything.includes(jwk.n ?? '')).toBe(true);
  for (const part of PARTS) {
    const secret = bytes(jwk[part]);
    for (const form of ['base64url', 'base64', 'hex'] as const) {
      expect(everything.includes(secret.toString(form)), `${part} in ${form}`).toBe(false);
    }
    expect(everything.includes(secret), part).toBe(false);
  }
});
