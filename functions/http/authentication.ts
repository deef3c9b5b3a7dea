import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import * as z from 'zod';
import type { CoordinatorSettings } from '../../shared/azure/settings.ts';
import { type AppRole, appRoles } from '../../shared/domain/resources.ts';

/** Who calls the HTTP API, as a verified Entra access token says. */
export interface Caller {
  readonly objectId: string;
  readonly tenantId: string;
  readonly name: string;
  readonly roles: readonly AppRole[];
}

/** Answers the caller, or in words what is wrong with the token. */
export type Authenticate = (authorization: string | null) => Promise<Caller | { readonly rejected: string }>;

const claims = z.object({
  oid: z.string().min(1),
  tid: z.string().min(1),
  name: z.string().optional(),
  roles: z.array(z.string()).default([]),
});

/** Checks signature (RS256 only), issuer, audience, lifetime and tenant of each token. */
export function authenticateWith(settings: CoordinatorSettings): Authenticate {
  const keys = createRemoteJWKSet(new URL(settings.API_JWKS_URL), { cooldownDuration: 5_000 });
  return async (authorization) => {
    const token = /^Bearer ([A-Za-z0-9_.-]+)$/.exec(authorization ?? '')?.[1];
    if (token === undefined) return { rejected: 'send an access token: Authorization: Bearer ...' };
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ['RS256'],
        issuer: settings.API_ISSUERS,
        audience: settings.API_AUDIENCE,
        requiredClaims: ['exp', 'oid', 'tid'],
        clockTolerance: 60,
      });
      const { oid, tid, name, roles } = claims.parse(payload);
      if (!settings.API_TENANTS.includes(tid))
        return { rejected: 'the tenant of this token is not admitted' };
      return {
        objectId: oid,
        tenantId: tid,
        name: name ?? oid,
        roles: appRoles.filter((role) => roles.includes(role)),
      };
    } catch (error) {
      if (error instanceof errors.JWTExpired) return { rejected: 'the access token has expired' };
      if (error instanceof errors.JOSEError || error instanceof z.ZodError) {
        return { rejected: 'the access token is not valid for this API' };
      }
      throw error;
    }
  };
}

/** What each role includes. */
const includes: Record<AppRole, readonly AppRole[]> = {
  viewer: ['viewer'],
  operator: ['viewer', 'operator'],
  admin: ['viewer', 'operator', 'admin'],
  silo: ['silo'],
};

export function mayActAs(caller: Caller, role: AppRole): boolean {
  return caller.roles.some((held) => includes[held].includes(role));
}
