import { constants, createHash, createPublicKey, publicEncrypt } from 'node:crypto';
import type { WrappingJwk } from '../contracts/keys.ts';
import type { UpdateHeader, UpdateManifest } from '../contracts/manifest.ts';
import { canonicalJson } from './canonical-json.ts';
import { FLSE, type FloeOpener, FloeRefused, startOpening } from './floe.ts';

export const DATA_KEY_BYTES = 32;

/** RSA-OAEP with SHA-256 for hash and mask: what Key Vault calls `RSA-OAEP-256`. Needs only the public part. */
export function wrapDataKey(dataKey: Uint8Array, kek: WrappingJwk): Buffer {
  const { kty, n, e } = kek;
  const key = createPublicKey({ key: { kty, n, e }, format: 'jwk' });
  return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, dataKey);
}

/**
 * What binds a ciphertext to its header: FLOE's associated data. Key Vault's OAEP has no label, so the binding of
 * experiment, round, silo and keys has to live here.
 */
export function headerContext(header: UpdateHeader): Buffer {
  return createHash('sha512').update(canonicalJson(header)).digest();
}

/** Readies a manifest's ciphertext for opening; throws {@link FloeRefused}. */
export function openerOf(manifest: UpdateManifest, dataKey: Uint8Array, header: Uint8Array): FloeOpener {
  if (dataKey.length !== DATA_KEY_BYTES) {
    throw new FloeRefused(
      'header-tag',
      `The wrapped key has ${dataKey.length} bytes instead of ${DATA_KEY_BYTES}.`,
    );
  }
  return startOpening({ key: dataKey, associatedData: headerContext(manifest.h), header, parameters: FLSE });
}
