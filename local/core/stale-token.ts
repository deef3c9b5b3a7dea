import { TokenRejected, type VerifyToken } from './principal.ts';

const MARK = 'expired-by-fault.';

/** The token, so marked that {@link rejectingStale} takes it for one that has expired. */
export const staleToken = (token: string): string => MARK + token;

/** The same in an Authorization header, `Bearer {token}` or Cosmos DB's `type=aad&ver=1.0&sig={token}`. */
export const staleAuthorization = (header: string): string =>
  header.replace(/^Bearer +|sig(=|%3D)/i, (before) => before + MARK);

/** Wraps a verifier so that a `stale-token` fault looks to every service like a token whose time is up. */
export function rejectingStale(verify: VerifyToken): VerifyToken {
  return (token, audience) => {
    if (!token.startsWith(MARK)) return verify(token, audience);
    return Promise.reject(new TokenRejected('expired', 'the token has expired'));
  };
}
