import type { Authorize } from '../core/authorizer.ts';
import { type Principal, TokenRejected, type VerifyToken } from '../core/principal.ts';
import { CosmosFailure } from './failure.ts';
import type { Operation } from './operation.ts';

/**
 * Reads `type=aad&ver=1.0&sig=<token>` and verifies the token for the account.
 *
 * @throws CosmosFailure 401
 */
export async function authenticate(
  header: string | undefined,
  verify: VerifyToken,
  audience: string,
): Promise<Principal> {
  const fields = readAuthorization(header);
  const token = fields.get('sig');
  if (fields.get('type') !== 'aad' || token === null || token === '') {
    throw unauthorized('Required Header authorization is missing or is not a Microsoft Entra token.');
  }
  try {
    return await verify(token, audience);
  } catch (error) {
    if (error instanceof TokenRejected) throw unauthorized(`The token is not accepted: ${error.reason}.`);
    throw error;
  }
}

const RIGHT_OF: Readonly<Partial<Record<Operation['name'], 'cosmos/read' | 'cosmos/write'>>> = {
  'items/read': 'cosmos/read',
  'items/query': 'cosmos/read',
  'items/list': 'cosmos/read',
  'items/create': 'cosmos/write',
  'items/upsert': 'cosmos/write',
  'items/replace': 'cosmos/write',
  'items/patch': 'cosmos/write',
  'items/delete': 'cosmos/write',
};

/** Metadata may be read by every identity that got this far. @throws CosmosFailure 403 */
export function requireRight(principal: Principal, operation: Operation, authorize: Authorize): void {
  const right = RIGHT_OF[operation.name];
  if (right !== undefined) requireAction(principal, right, operation, authorize);
}

/** @throws CosmosFailure 403, which is also the answer for a container that does not exist. */
export function requireAction(
  principal: Principal,
  action: 'cosmos/read' | 'cosmos/write',
  { name, database, container }: Operation,
  authorize: Authorize,
): void {
  if (authorize(principal, action, `cosmos/${container}`)) return;
  const message =
    `Request for ${name} is blocked because principal [${principal.objectId}] does not have the required RBAC ` +
    `permission [${action}] on resource [dbs/${database}/colls/${container}].`;
  throw new CosmosFailure(403, 'Forbidden', message, { substatus: 5301 });
}

function readAuthorization(header: string | undefined): URLSearchParams {
  try {
    // The client encodes the whole value once; a token's own characters need no further decoding.
    return new URLSearchParams(decodeURIComponent(header ?? ''));
  } catch {
    throw unauthorized('The authorization header is not valid.');
  }
}

function unauthorized(message: string): CosmosFailure {
  return new CosmosFailure(401, 'Unauthorized', message);
}
