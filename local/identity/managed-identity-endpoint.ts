import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IssuedToken } from './access-token.ts';
import type { RegisteredIdentity, Registry } from './registry.ts';

type Issue = (identity: RegisteredIdentity, audience: string) => Promise<IssuedToken>;

/**
 * `GET /msi/token` as App Service and Functions offer it to a workload: the header secret says which workload asks,
 * `client_id` or `principal_id` which of the identities it holds; without them it is the system one.
 */
export async function answerManagedIdentity(
  request: IncomingMessage,
  query: URLSearchParams,
  response: ServerResponse,
  registry: Registry,
  issue: Issue,
): Promise<void> {
  const header = request.headers['x-identity-header'];
  const held = typeof header === 'string' ? registry.heldBy(header) : undefined;
  if (held === undefined) return refuse(response, 401, 'X-IDENTITY-HEADER names no workload.');
  if (query.get('api-version') !== '2019-08-01') {
    return refuse(response, 400, 'The api-version is not supported; use 2019-08-01.');
  }
  const resource = query.get('resource') ?? '';
  if (!/^(https|api):\/\/[^\s/]/.test(resource)) {
    return refuse(response, 400, 'The resource must be an https:// or api:// identifier.');
  }
  const identity = chosen(held, query);
  if (identity === undefined) {
    return refuse(
      response,
      400,
      'No User Assigned Managed Identity found for specified ClientId/ResourceId/PrincipalId.',
    );
  }
  const { token, expiresOn } = await issue(identity, resource);
  answerJson(response, 200, {
    access_token: token,
    expires_on: String(expiresOn),
    resource,
    token_type: 'Bearer',
    client_id: identity.clientId,
  });
}

export function answerJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
    })
    .end(text);
}

function chosen(held: readonly RegisteredIdentity[], query: URLSearchParams): RegisteredIdentity | undefined {
  const clientId = query.get('client_id');
  const principalId = query.get('principal_id') ?? query.get('object_id');
  if (query.has('mi_res_id')) return undefined;
  if (clientId !== null) return held.find((identity) => identity.clientId === clientId);
  if (principalId !== null) return held.find((identity) => identity.objectId === principalId);
  return held[0];
}

function refuse(response: ServerResponse, statusCode: number, message: string): void {
  answerJson(response, statusCode, { statusCode, message });
}
