import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessToken, TokenCredential } from '@azure/identity';
import {
  CryptographyClient,
  type CryptographyClientOptions,
  KeyClient,
  type KeyClientOptions,
} from '@azure/keyvault-keys';
import { onTestFinished } from 'vitest';
import { createFaultPlan, type FaultPlan } from '../../../local/core/faults.ts';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import { startIdentity } from '../../../local/identity/identity-service.ts';
import { type KeyVaultService, startKeyVault } from '../../../local/key-vault/key-vault-service.ts';
import type { DataAction } from '../../../shared/domain/access.ts';
import { trustLocalCa } from '../trust.ts';

/** Made once, since making it takes longer than most tests. */
const SIGNING_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  format: 'pem',
  type: 'pkcs8',
});
const LOCAL = { disableChallengeResourceVerification: true } as const;

/**
 * A vault named `silo-a`, an identity service beside it, and the unmodified SDK clients over TLS.
 * @param atEnd takes what has to be undone; default at the end of the test
 */
export async function runningVault(
  now: () => number = Date.now,
  {
    atEnd = (undo) => onTestFinished(async () => void (await undo())),
    faults = createFaultPlan(),
  }: { atEnd?: (undo: () => unknown) => void; faults?: FaultPlan } = {},
) {
  const dataDir = await mkdtemp(join(tmpdir(), 'tributary-test-'));
  atEnd(() => rm(dataDir, { recursive: true, force: true }));
  const tls = await ensureTlsMaterial(`${dataDir}/tls`);
  atEnd(trustLocalCa(tls.caPem));
  await mkdir(`${dataDir}/identity`);
  await writeFile(`${dataDir}/identity/signing-key.pem`, SIGNING_KEY);
  const identity = await startIdentity({ port: 0, dataDir });
  atEnd(() => identity.close());
  const failures: unknown[] = [];
  const options = {
    vault: 'silo-a',
    dataDir,
    tls,
    verify: identity.verify,
    authorize: identity.authorize,
    authority: `https://login.microsoftonline.com/${identity.tenantId}`,
    faults,
    now,
    report: (error: unknown) => failures.push(error),
  };
  let vault: KeyVaultService = await startKeyVault({ ...options, port: 0 });
  atEnd(() => vault.close());

  /** An identity that may do `actions` on `scope`, as a credential that fetches real tokens. */
  async function identityWith(
    name: string,
    actions: readonly DataAction[],
    scope = 'keyvault/silo-a/keys/*',
  ): Promise<TokenCredential & { readonly objectId: string }> {
    const { objectId } = await identity.ensureIdentity({ name });
    const { header } = await identity.ensureWorkload({ name, identities: [name] });
    await identity.setGrants(
      name,
      actions.map((action) => ({ action, scope })),
    );
    return { objectId, getToken: (scopes) => tokenFor(identity.managedIdentityEndpoint, header, scopes) };
  }

  return {
    dataDir,
    directory: `${dataDir}/key-vault/silo-a`,
    tls,
    identity,
    faults,
    /** Errors that the vault did not foresee. */
    failures,
    get vault() {
      return vault;
    },
    restart: async () => {
      const { port } = vault;
      await vault.close();
      vault = await startKeyVault({ ...options, port });
    },
    identityWith,
    owner: await identityWith('owner', ['keys/manage', 'keys/read', 'keys/unwrap', 'keys/sign']),
    keys: (credential: TokenCredential, more: KeyClientOptions = {}) =>
      new KeyClient(vault.endpoint, credential, { ...LOCAL, ...more }),
    crypto: (kid: string, credential: TokenCredential, more: CryptographyClientOptions = {}) =>
      new CryptographyClient(kid, credential, { ...LOCAL, ...more }),
  };
}

export type RunningVault = Awaited<ReturnType<typeof runningVault>>;

async function tokenFor(endpoint: string, header: string, scopes: string | string[]): Promise<AccessToken> {
  const resource = String(scopes).replace(/\/\.default$/, '');
  const query = new URLSearchParams({ 'api-version': '2019-08-01', resource });
  const response = await fetch(`${endpoint}?${query.toString()}`, {
    headers: { 'x-identity-header': header },
  });
  const body = (await response.json()) as { access_token: string; expires_on: string };
  return { token: body.access_token, expiresOnTimestamp: Number(body.expires_on) * 1000 };
}

/** The id that the service gave to a key, with its version. */
export function idOf(key: { id?: string | undefined }): string {
  if (key.id === undefined) throw new Error('the key has no id');
  return key.id;
}

/** Resolves to `{ status, code }` of the RestError with which the call fails. */
export async function refusalOf(call: Promise<unknown>): Promise<{ status: number; code: string }> {
  try {
    await call;
  } catch (error) {
    // The SDK gives no details for lists, only the code.
    const {
      statusCode = 0,
      code = '',
      details,
    } = error as {
      statusCode?: number;
      code?: string;
      details?: { error?: { code?: string; innerError?: { code?: string } } };
    };
    if (statusCode === 0) throw error;
    return { status: statusCode, code: details?.error?.innerError?.code ?? details?.error?.code ?? code };
  }
  return { status: 200, code: '' };
}
