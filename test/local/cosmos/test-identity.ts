import { type Principal, TokenRejected, type VerifyToken } from '../../../local/core/principal.ts';

export const DATABASE = 'tributary';

/** A token of these tests says who it speaks for and for which audience; the service must check the latter. */
export const verifyTestToken: VerifyToken = (token, audience) => {
  const [objectId = '', tokenAudience] = token.split('|');
  if (tokenAudience === undefined) return Promise.reject(new TokenRejected('malformed', 'not a test token'));
  if (tokenAudience !== audience) return Promise.reject(new TokenRejected('audience', 'for somebody else'));
  const principal: Principal = {
    objectId,
    clientId: objectId,
    tenantId: 'tenant',
    name: objectId,
    roles: [],
    expiresAt: Number.POSITIVE_INFINITY,
  };
  return Promise.resolve(principal);
};
