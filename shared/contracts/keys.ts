import * as z from 'zod';
import { base64url, thumbprint } from './identifiers.ts';

/** A public EC P-256 signing key. */
export const signingJwk = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: base64url.length(43),
  y: base64url.length(43),
});
export type SigningJwk = z.infer<typeof signingJwk>;

/** A public RSA key that wraps data keys (3072 bits or more). */
export const wrappingJwk = z.strictObject({
  kty: z.literal('RSA'),
  n: base64url.min(512).max(1366),
  e: base64url.max(8),
});
export type WrappingJwk = z.infer<typeof wrappingJwk>;

/** A versioned Key Vault key id. Stored versioned, so that a rotation never changes what an old update needs. */
export const keyId = z
  .url({ protocol: /^https$/ })
  .max(300)
  .regex(/\/keys\/[0-9A-Za-z-]+\/[0-9A-Za-z]+$/, 'a versioned key id: https://{vault}/keys/{name}/{version}');

export const signingKey = z.strictObject({ kid: keyId, jkt: thumbprint, jwk: signingJwk });
export const wrappingKey = z.strictObject({ kid: keyId, jkt: thumbprint, jwk: wrappingJwk });
export type SigningKey = z.infer<typeof signingKey>;
export type WrappingKey = z.infer<typeof wrappingKey>;
