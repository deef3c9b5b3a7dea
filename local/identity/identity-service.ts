import { join } from 'node:path';
import { covers } from '../../shared/domain/access.ts';
import type { Authorize } from '../core/authorizer.ts';
import type { FaultPlan } from '../core/faults.ts';
import { startHttpService } from '../core/http-service.ts';
import type { VerifyToken } from '../core/principal.ts';
import { rejectingStale, staleToken } from '../core/stale-token.ts';
import { createVerifyToken, type IssuedToken, issueAccessToken } from './access-token.ts';
import { answerJson, answerManagedIdentity } from './managed-identity-endpoint.ts';
import { openRegistry, type RegisteredIdentity, type Registry } from './registry.ts';
import { loadSigningKey } from './signing-key.ts';

export interface IdentityOptions {
  /** 0 takes a free one. Plain HTTP on loopback, as the managed identity endpoint of App Service is. */
  readonly port: number;
  readonly dataDir: string;
  /** Default: the one of the last start, or a fresh one. */
  readonly tenantId?: string;
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** Default ten minutes. */
  readonly tokenLifetimeMs?: number;
  readonly faults?: FaultPlan;
}

export interface IdentityService
  extends Pick<Registry, 'ensureIdentity' | 'ensureWorkload' | 'setGrants' | 'identities'> {
  readonly endpoint: string;
  readonly port: number;
  /** `IDENTITY_ENDPOINT` of a workload; its header secret is `IDENTITY_HEADER`. */
  readonly managedIdentityEndpoint: string;
  readonly tenantId: string;
  readonly issuer: string;
  readonly jwksUri: string;
  readonly verify: VerifyToken;
  readonly authorize: Authorize;
  close(): Promise<void>;
}

const DEFAULT_LIFETIME_MS = 10 * 60_000;

/** Starts the token issuer and the managed identity endpoint; owns `{dataDir}/identity`. */
export async function startIdentity(options: IdentityOptions): Promise<IdentityService> {
  const { now = Date.now, tokenLifetimeMs = DEFAULT_LIFETIME_MS } = options;
  const directory = join(options.dataDir, 'identity');
  const registry = await openRegistry(directory, options.tenantId);
  const key = await loadSigningKey(join(directory, 'signing-key.pem'));
  const { tenantId } = registry;
  const tokens = { issuer: `https://sts.windows.net/${tenantId}/`, tenantId, key, now };

  const service = await startHttpService({
    port: options.port,
    async handle(request, response) {
      const target = request.url ?? '/';
      if (!URL.canParse(target, endpoint())) return answerJson(response, 400, { error: 'invalid_request' });
      const url = new URL(target, endpoint());
      if (request.method !== 'GET') return answerJson(response, 405, { error: 'method_not_allowed' });
      switch (url.pathname) {
        case '/msi/token':
          return answerManagedIdentity(request, url.searchParams, response, registry, (identity, audience) =>
            issue(identity, audience),
          );
        case `/${tenantId}/discovery/v2.0/keys`:
          return answerJson(response, 200, { keys: [key.jwk] });
        case `/${tenantId}/v2.0/.well-known/openid-configuration`:
          return answerJson(response, 200, discovery());
        default:
          return answerJson(response, 404, { error: 'not_found' });
      }
    },
    ...(options.faults === undefined
      ? {}
      : {
          faults: { plan: options.faults, service: 'identity', operationOf: (request) => request.url ?? '/' },
        }),
  });
  async function issue(identity: RegisteredIdentity, audience: string): Promise<IssuedToken> {
    const issued = await issueAccessToken(tokens, identity, audience, tokenLifetimeMs);
    const stale = options.faults?.next('identity', `issue ${identity.name}`)?.kind === 'stale-token';
    return stale ? { ...issued, token: staleToken(issued.token) } : issued;
  }
  const discovery = () => ({
    issuer: tokens.issuer,
    jwks_uri: `${endpoint()}/${tenantId}/discovery/v2.0/keys`,
    token_endpoint: `${endpoint()}/msi/token`,
    response_types_supported: ['token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
  });
  const endpoint = () => `http://127.0.0.1:${service.port}`;

  return {
    endpoint: endpoint(),
    port: service.port,
    managedIdentityEndpoint: `${endpoint()}/msi/token`,
    tenantId,
    issuer: tokens.issuer,
    jwksUri: `${endpoint()}/${tenantId}/discovery/v2.0/keys`,
    ensureIdentity: registry.ensureIdentity,
    ensureWorkload: registry.ensureWorkload,
    setGrants: registry.setGrants,
    identities: registry.identities,
    verify: rejectingStale(createVerifyToken(tokens)),
    authorize: (principal, action, scope) =>
      registry.byObjectId(principal.objectId)?.grants.some((grant) => covers(grant, action, scope)) ?? false,
    close: () => service.close(),
  };
}
