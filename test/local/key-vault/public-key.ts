import { createPublicKey, type KeyObject } from 'node:crypto';
import type { KeyVaultKey } from '@azure/keyvault-keys';

/** The public part that the SDK read, for checks with node:crypto. */
export function publicKeyOf({ key }: KeyVaultKey): KeyObject {
  const text = (part: Uint8Array | undefined) => Buffer.from(part ?? []).toString('base64url');
  const { kty, crv } = key ?? {};
  const jwk =
    kty === 'RSA'
      ? { kty, n: text(key?.n), e: text(key?.e) }
      : { kty: kty ?? '', crv: crv ?? '', x: text(key?.x), y: text(key?.y) };
  return createPublicKey({ key: jwk, format: 'jwk' });
}
