/** Who a request speaks for, as read from a verified access token. */
export interface Principal {
  /** `oid`: the identity's object id, the only field that access decisions use. */
  readonly objectId: string;
  /** `appid`: the client id of the managed identity. */
  readonly clientId: string;
  /** `tid`. */
  readonly tenantId: string;
  /** Display name, for audit lines only. */
  readonly name: string;
  /** App roles granted to the identity on the token's audience. */
  readonly roles: readonly string[];
  /** Expiry in epoch milliseconds; a connection that outlives it must be closed. */
  readonly expiresAt: number;
}

/** Verifies a bearer token for one audience; throws {@link TokenRejected}. */
export type VerifyToken = (token: string, audience: string) => Promise<Principal>;

export class TokenRejected extends Error {
  override readonly name = 'TokenRejected';
  readonly reason: 'malformed' | 'signature' | 'issuer' | 'audience' | 'expired' | 'not-yet-valid';
  constructor(reason: TokenRejected['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}
