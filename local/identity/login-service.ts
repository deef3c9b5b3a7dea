import { mkdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { covers, type Grant } from '../../shared/domain/access.ts';
import type { Authorize } from '../core/authorizer.ts';
import { readBody, startHttpService } from '../core/http-service.ts';
import type { VerifyToken } from '../core/principal.ts';
import type { TlsMaterial } from '../core/tls.ts';
import { createVerifyToken, issueAccessToken } from './access-token.ts';
import { answerJson } from './managed-identity-endpoint.ts';
import { openRegistry, type Registry } from './registry.ts';
import { loadSigningKey } from './signing-key.ts';
import { type Application, ExchangeRefused, readExchange, unknownApplication } from './token-exchange.ts';

export interface LoginOptions {
  /** 0 takes a free one. TLS on loopback: client libraries refuse a token service without it. */
  readonly port: number;
  readonly dataDir: string;
  readonly tls: Pick<TlsMaterial, 'certPem' | 'keyPem'>;
  readonly applications: readonly Application[];
  /** The issuer whose tokens may stand as assertions: the machine's own tenant. */
  readonly home: { readonly issuer: string; readonly verify: VerifyToken };
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

/** A tenant other than the machine's own. */
export interface OtherTenant {
  /** What a vault of this tenant names in its challenges. */
  readonly authority: string;
  readonly verify: VerifyToken;
  readonly authorize: Authorize;
  /** Makes the application's service principal here, or sets the rights of the one there is. */
  consent(clientId: string, grants: readonly Grant[]): Promise<{ objectId: string }>;
}

export interface LoginService {
  /** `AZURE_AUTHORITY_HOST`. */
  readonly endpoint: string;
  /** Makes the tenant, or opens the one of the last start. */
  ensureTenant(tenantId: string): Promise<OtherTenant>;
  close(): Promise<void>;
}

const LIFETIME_MS = 10 * 60_000;
const MAX_FORM_BYTES = 16 * 1024;

/** The token service of other tenants, for applications that prove themselves by a token; owns `{dataDir}/login`. */
export async function startLogin(options: LoginOptions): Promise<LoginService> {
  const { now = Date.now, home, applications } = options;
  const directory = join(options.dataDir, 'login');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const key = await loadSigningKey(join(directory, 'signing-key.pem'));
  const tenants = new Map<string, Registry>();

  const service = await startHttpService({
    port: options.port,
    tls: options.tls,
    async handle(request, response) {
      const [tenantId, path] = split(request.url ?? '/');
      const registry = tenants.get(tenantId);
      if (registry === undefined) return refuse(response, unknownTenant(tenantId));
      switch (`${request.method} ${path}`) {
        case 'GET v2.0/.well-known/openid-configuration':
          return answerJson(response, 200, discovery(tenantId));
        case 'GET discovery/v2.0/keys':
          return answerJson(response, 200, { keys: [key.jwk] });
        case 'POST oauth2/v2.0/token':
          return exchange(request, response, registry).catch((error: unknown) => {
            if (error instanceof ExchangeRefused) return refuse(response, error);
            throw error;
          });
        default:
          return answerJson(response, 404, { error: 'not_found' });
      }
    },
  });
  const endpoint = `https://127.0.0.1:${service.port}`;
  const issuerOf = (tenantId: string) => ({
    issuer: `https://sts.windows.net/${tenantId}/`,
    tenantId,
    key,
    now,
  });

  async function exchange(request: IncomingMessage, response: ServerResponse, registry: Registry) {
    const form = new URLSearchParams((await readBody(request, MAX_FORM_BYTES)).toString());
    const { application, audience } = await readExchange(form, applications, (issuer) =>
      issuer === home.issuer ? home.verify : undefined,
    );
    const { clientId } = application;
    const principal = registry.identities().find(({ name }) => name === clientId);
    if (principal === undefined) throw unknownApplication(clientId);
    const bearer = { ...principal, clientId };
    const { token } = await issueAccessToken(issuerOf(registry.tenantId), bearer, audience, LIFETIME_MS);
    answerJson(response, 200, { token_type: 'Bearer', expires_in: LIFETIME_MS / 1000, access_token: token });
  }

  const discovery = (tenantId: string) => ({
    issuer: `${endpoint}/${tenantId}/v2.0`,
    authorization_endpoint: `${endpoint}/${tenantId}/oauth2/v2.0/authorize`,
    token_endpoint: `${endpoint}/${tenantId}/oauth2/v2.0/token`,
    jwks_uri: `${endpoint}/${tenantId}/discovery/v2.0/keys`,
  });

  return {
    endpoint,
    async ensureTenant(tenantId) {
      const registry = tenants.get(tenantId) ?? (await openRegistry(join(directory, tenantId), tenantId));
      tenants.set(tenantId, registry);
      return {
        authority: `${endpoint}/${tenantId}`,
        verify: createVerifyToken(issuerOf(tenantId)),
        authorize: ({ objectId }, action, scope) =>
          registry.byObjectId(objectId)?.grants.some((grant) => covers(grant, action, scope)) ?? false,
        async consent(clientId, grants) {
          const { objectId } = await registry.ensureIdentity({ name: clientId });
          await registry.setGrants(clientId, grants);
          return { objectId };
        },
      };
    },
    close: () => service.close(),
  };
}

function split(target: string): [tenantId: string, path: string] {
  const [, tenantId = '', path = ''] = /^\/([^/?]+)\/([^?]*)/.exec(target) ?? [];
  return [tenantId, path];
}

function unknownTenant(tenantId: string): ExchangeRefused {
  return new ExchangeRefused(400, 'invalid_tenant', 90002, `Tenant '${tenantId}' not found.`);
}

function refuse(response: ServerResponse, { status, error, code, message }: ExchangeRefused): void {
  answerJson(response, status, {
    error,
    error_description: `AADSTS${code}: ${message}`,
    error_codes: [code],
  });
}
