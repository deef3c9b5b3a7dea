/** Signatures over digests, as values that cross to another thread and the work they ask for. */
import type { KeyObject } from 'node:crypto';
import { p256, p384 } from '@noble/curves/nist.js';
import type { Curve } from './key-record.ts';
import { type RsaHash, type RsaScheme, signDigest } from './rsa-digest-signature.ts';

export type DigestTask =
  | {
      readonly kind: 'sign-rsa';
      readonly key: KeyObject;
      readonly scheme: RsaScheme;
      readonly hash: RsaHash;
      readonly digest: Uint8Array;
    }
  | {
      readonly kind: 'sign-ec';
      readonly curve: Curve;
      readonly scalar: Uint8Array;
      readonly digest: Uint8Array;
    }
  | {
      readonly kind: 'verify-ec';
      readonly curve: Curve;
      /** Uncompressed. */
      readonly point: Uint8Array;
      readonly digest: Uint8Array;
      readonly signature: Uint8Array;
    };

const CURVES = { 'P-256': p256, 'P-384': p384 };
/** The digest is signed as it came, and s is not normalised: so does Key Vault. */
const DIGEST_AS_IS = { prehash: false, lowS: false } as const;

/** The signature, or whether it verifies. */
export function runDigestTask(task: DigestTask): Uint8Array | boolean {
  switch (task.kind) {
    case 'sign-rsa':
      return signDigest(task.key, task.scheme, task.hash, Buffer.from(task.digest));
    case 'sign-ec':
      return CURVES[task.curve].sign(task.digest, task.scalar, DIGEST_AS_IS);
    case 'verify-ec':
      try {
        return CURVES[task.curve].verify(task.signature, task.digest, task.point, DIGEST_AS_IS);
      } catch {
        // Bytes that are no signature at all.
        return false;
      }
  }
}
