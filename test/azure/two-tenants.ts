import { constants, createPublicKey, publicEncrypt, randomUUID } from 'node:crypto';
import type { AccessToken, TokenCredential } from '@azure/identity';
import { onTestFinished } from 'vitest';
import { ensureTlsMaterial } from '../../local/core/tls.ts';
import { startIdentity } from '../../local/identity/identity-service.ts';
import { startLogin } from '../../local/identity/login-service.ts';
import { startKeyVault } from '../../local/key-vault/key-vault-service.ts';
import { aggregatorCredential } from '../../shared/azure/aggregator-credential.ts';
import { keyVaultKeyRing } from '../../shared/azure/key-ring.ts';
import type { KeyRing } from '../../shared/ports/key-ring.ts';
import { temporaryDirectory } from '../local/core/temporary-directory.ts';
import { trustLocalCa } from '../local/trust.ts';

export const dataKey = Buffer.alloc(32, 7);

/** Whom the application trusts; each may be replaced by something that does not fit. */
interface Trust {
  readonly issuer?: string;
  readonly subject?: string;
  readonly audience?: string;
}

/**
 * The coordinator's tenant with the aggregator's identity, the token service of other tenants with the aggregator's
 * application, and vaults of silos in either, each with one key.
 */
export async function twoTenants({ trust = {} }: { trust?: Trust } = {}) {
  const dataDir = await temporaryDirectory();
  const tls = await ensureTlsMaterial(`${dataDir}/tls`);
  onTestFinished(trustLocalCa(tls.caPem));
  const home = await startIdentity({ port: 0, dataDir });
  onTestFinished(() => home.close());
  const { objectId } = await home.ensureIdentity({ name: 'aggregator' });
  const { header } = await home.ensureWorkload({ name: 'coordinator', identities: ['aggregator'] });

  const applicationId = randomUUID();
  const trusts = { issuer: home.issuer, subject: objectId, audience: 'api://AzureADTokenExchange', ...trust };
  const login = await startLogin({
    port: 0,
    dataDir,
    tls,
    home,
    applications: [{ clientId: applicationId, trusts }],
  });
  onTestFinished(() => login.close());

  /** Tokens that vaults were shown. */
  const shown = new Set<string>();
  const unwrapOn = (vault: string) => [
    { action: 'keys/unwrap' as const, scope: `keyvault/${vault}/keys/kek` },
  ];
  const openVault = async (
    vault: string,
    tenant: Pick<typeof home, 'verify' | 'authorize'>,
    authority: string,
  ) => {
    const service = await startKeyVault({
      vault,
      port: 0,
      dataDir,
      tls,
      authority,
      verify(token, audience) {
        shown.add(token);
        return tenant.verify(token, audience);
      },
      authorize: tenant.authorize,
    });
    onTestFinished(() => service.close());
    const { kid, jwk } = await service.ensureKey('kek', { kty: 'RSA', ops: ['wrapKey', 'unwrapKey'] });
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const wrapped = publicEncrypt(
      { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
      dataKey,
    );
    return { kid, wrapped };
  };

  /** What the aggregator's identity was asked for tokens for. */
  const audiences: string[] = [];
  const identity: TokenCredential = {
    async getToken(scopes) {
      const resource = String(scopes).replace(/\/\.default$/, '');
      audiences.push(resource);
      return tokenFor(home.managedIdentityEndpoint, header, resource);
    },
  };

  return {
    home,
    login,
    applicationId,
    audiences,
    shown,
    /** A silo's key in the coordinator's own tenant, which the aggregator's identity may use. */
    keyAtHome: async () => {
      await home.setGrants('aggregator', unwrapOn('near'));
      return openVault('near', home, `https://login.microsoftonline.com/${home.tenantId}`);
    },
    /** A silo's key in a tenant of its own. */
    keyAbroad: async (vault: string, consent: 'none' | 'without a right' | 'with the right') => {
      const tenant = await login.ensureTenant(randomUUID());
      if (consent !== 'none') {
        await tenant.consent(applicationId, consent === 'with the right' ? unwrapOn(vault) : []);
      }
      return openVault(vault, tenant, tenant.authority);
    },
    keyRing: (application: string | undefined = applicationId): KeyRing =>
      keyVaultKeyRing({
        planSigningKeyId: `https://127.0.0.1:1/keys/plan-signing/${'0'.repeat(32)}`,
        coordinator: identity,
        aggregator: aggregatorCredential({
          identity,
          homeTenant: home.tenantId,
          applicationId: application === '' ? undefined : application,
          authorityHost: login.endpoint,
        }),
        clientOptions: { disableChallengeResourceVerification: true },
      }),
  };
}

async function tokenFor(endpoint: string, header: string, resource: string): Promise<AccessToken> {
  const query = new URLSearchParams({ 'api-version': '2019-08-01', resource });
  const response = await fetch(`${endpoint}?${query.toString()}`, {
    headers: { 'x-identity-header': header },
  });
  const body = (await response.json()) as { access_token: string; expires_on: string };
  return { token: body.access_token, expiresOnTimestamp: Number(body.expires_on) * 1000 };
}
