import { randomUUID } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';
import { type Principal, TokenRejected, type VerifyToken } from '../core/principal.ts';
import type { RegisteredIdentity } from './registry.ts';
import type { SigningKey } from './signing-key.ts';

export interface TokenIssuer {
  readonly issuer: string;
  readonly tenantId: string;
  readonly key: SigningKey;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface IssuedToken {
  readonly token: string;
  /** Epoch seconds. */
  readonly expiresOn: number;
}

/** Signs an access token as Entra ID (v1) would word it. App roles stand in tokens for an `api://` audience only. */
export async function issueAccessToken(
  { issuer, tenantId, key, now }: TokenIssuer,
  identity: RegisteredIdentity,
  audience: string,
  lifetimeMs: number,
): Promise<IssuedToken> {
  const issuedAt = Math.floor(now() / 1000);
  const expiresOn = Math.floor((now() + lifetimeMs) / 1000);
  const token = await new SignJWT({
    oid: identity.objectId,
    appid: identity.clientId,
    tid: tenantId,
    name: identity.name,
    roles: audience.startsWith('api://') ? identity.appRoles : [],
    idtyp: 'app',
    uti: randomUUID(),
    ver: '1.0',
  })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: key.kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(identity.objectId)
    .setIssuedAt(issuedAt)
    .setNotBefore(issuedAt)
    .setExpirationTime(expiresOn)
    .sign(key.privateKey);
  return { token, expiresOn };
}

const claimsShape = z.object({
  oid: z.string().min(1),
  appid: z.string(),
  tid: z.string(),
  name: z.string().default(''),
  roles: z.array(z.string()).default([]),
  exp: z.number(),
  nbf: z.number(),
});

const REMEMBERED_TOKENS = 1000;

/**
 * Verifies tokens of `issuer`; a trailing slash of the audience counts on neither side. A token that passed is
 * remembered with its lifetime, since checking a signature costs more than most of the requests that carry it.
 */
export function createVerifyToken({ issuer, tenantId, key, now }: TokenIssuer): VerifyToken {
  const passed = new Map<string, { principal: Principal; validFrom: number }>();

  return async (token, audience): Promise<Principal> => {
    const bare = audience.replace(/\/+$/, '');
    const known = passed.get(`${bare} ${token}`);
    if (known !== undefined && known.validFrom <= now() && now() < known.principal.expiresAt) {
      return known.principal;
    }
    let payload: JWTPayload;
    try {
      const options = {
        algorithms: ['RS256'],
        issuer,
        audience: [bare, `${bare}/`],
        currentDate: new Date(now()),
        requiredClaims: ['exp', 'nbf', 'oid', 'tid'],
      };
      ({ payload } = await jwtVerify(token, key.publicKey, options));
    } catch (error) {
      throw rejection(error);
    }
    const claims = claimsShape.safeParse(payload);
    if (!claims.success)
      throw new TokenRejected('malformed', 'the token lacks a claim that names its bearer');
    const { oid, appid, tid, name, roles, exp, nbf } = claims.data;
    if (tid !== tenantId) throw new TokenRejected('issuer', 'the token is from another tenant');
    const principal = { objectId: oid, clientId: appid, tenantId: tid, name, roles, expiresAt: exp * 1000 };
    if (passed.size >= REMEMBERED_TOKENS) passed.clear();
    passed.set(`${bare} ${token}`, { principal, validFrom: nbf * 1000 });
    return principal;
  };
}

function rejection(error: unknown): TokenRejected {
  if (error instanceof errors.JWTExpired) return new TokenRejected('expired', 'the token has expired');
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JOSEAlgNotAllowed) {
    return new TokenRejected('signature', 'the token is not signed by this issuer');
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss') return new TokenRejected('issuer', 'the token is from another issuer');
    if (error.claim === 'aud') return new TokenRejected('audience', 'the token is for another audience');
    if (error.claim === 'nbf' && error.reason === 'check_failed') {
      return new TokenRejected('not-yet-valid', 'the token is not valid yet');
    }
  }
  return new TokenRejected('malformed', 'the token is malformed');
}
