import type { SigningKey } from '../contracts/keys.ts';

/** Keys that the coordinator's identities may use. Private parts never leave their vault. */
export interface KeyRing {
  /** The coordinator's `plan-signing` key. */
  planSigningKey(): Promise<SigningKey>;
  /** ES256 over a SHA-256 digest with the `plan-signing` key; raw `r||s`, 64 bytes. */
  signAsCoordinator(digest: Uint8Array): Promise<Uint8Array>;
  /**
   * Unwraps a data key (RSA-OAEP-256) with the silo's KEK version `kid`, as the aggregator.
   * @throws UnwrapRefused where the silo's vault says no.
   */
  unwrap(kid: string, wrapped: Uint8Array): Promise<Uint8Array>;
}

/** The silo's vault refused: access was not granted, or the key version is disabled, deleted or unfit. */
export class UnwrapRefused extends Error {
  override readonly name = 'UnwrapRefused';
  readonly slug: 'unwrap-denied' | 'key-revoked';
  constructor(slug: 'unwrap-denied' | 'key-revoked', message: string) {
    super(message);
    this.slug = slug;
  }
}
