import {
  AuthenticationRequiredError,
  ClientAssertionCredential,
  type GetTokenOptions,
  type TokenCredential,
} from '@azure/identity';
import { UnwrapRefused } from '../ports/key-ring.ts';

/** What a managed identity's token must be for, to stand for an application that trusts the identity. */
const exchangeScope = 'api://AzureADTokenExchange/.default';

export interface AggregatorCredentialOptions {
  /** The aggregator's managed identity. */
  readonly identity: TokenCredential;
  /** The tenant of that identity. */
  readonly homeTenant: string;
  /** Multi-tenant application that trusts the identity; without it, vaults of other tenants are refused. */
  readonly applicationId: string | undefined;
  /** Token service; undefined is the public cloud's. */
  readonly authorityHost: string | undefined;
}

/**
 * The aggregator at the vaults of all silos. A vault says in its challenge which tenant it trusts. In the home tenant the
 * aggregator is its managed identity, which no other tenant knows; there it is the application, and the identity's token
 * is the proof, so there is no secret (RFC 7523). The roster cannot tell the tenant: it has the agent's, and an agent
 * signs in where the coordinator is.
 *
 * @throws UnwrapRefused from `getToken`, where the aggregator is nobody in the vault's tenant.
 */
export function aggregatorCredential(options: AggregatorCredentialOptions): TokenCredential {
  const { identity, homeTenant, applicationId, authorityHost } = options;
  const byTenant = new Map<string, ClientAssertionCredential>();

  const proof = async (): Promise<string> => {
    const token = await identity.getToken(exchangeScope);
    if (token === null) throw new Error("the aggregator's identity gave no token to exchange");
    return token.token;
  };

  const inTenant = (tenant: string): ClientAssertionCredential => {
    if (applicationId === undefined) {
      throw new UnwrapRefused(
        'unwrap-denied',
        `the silo's vault is in tenant ${tenant}, and the coordinator's AGGREGATOR_APPLICATION_ID is not set`,
      );
    }
    const known = byTenant.get(tenant);
    if (known !== undefined) return known;
    const made = new ClientAssertionCredential(
      tenant,
      applicationId,
      proof,
      // A token service that our own settings name needs no word of the public cloud's that it is one.
      authorityHost === undefined ? {} : { authorityHost, disableInstanceDiscovery: true },
    );
    byTenant.set(tenant, made);
    return made;
  };

  return {
    async getToken(scopes: string | string[], tokenOptions: GetTokenOptions = {}) {
      const tenant = tokenOptions.tenantId?.toLowerCase();
      if (tenant === undefined || tenant === homeTenant.toLowerCase()) {
        return identity.getToken(scopes, tokenOptions);
      }
      try {
        return await inTenant(tenant).getToken(scopes, tokenOptions);
      } catch (error) {
        throw unknownThere(error)
          ? new UnwrapRefused(
              'unwrap-denied',
              `tenant ${tenant} has not consented to the aggregator's application`,
            )
          : error;
      }
    },
  };
}

/** Entra's word that the application has no service principal in the tenant, or one that is disabled. */
function unknownThere(error: unknown): boolean {
  return error instanceof AuthenticationRequiredError && /\bAADSTS(700016|7000112)\b/.test(error.message);
}
