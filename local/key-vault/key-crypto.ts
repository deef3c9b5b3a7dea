import { createPrivateKey, createPublicKey, type KeyObject, webcrypto } from 'node:crypto';
import { p256, p384 } from '@noble/curves/nist.js';
import { type Curve, isRsa, type KeyVersion } from './key-record.ts';
import { type RsaHash, type RsaScheme, signDigest, verifyDigest } from './rsa-digest-signature.ts';
import { badParameter } from './vault-error.ts';

/** Gives the PKCS #8 of a key version; called once per version and use. */
export type OpenPrivate = () => Buffer;

export interface KeyCrypto {
  /** RSA-OAEP or RSA-OAEP-256. */
  encrypt(algorithm: string, plaintext: Buffer): Promise<Buffer>;
  decrypt(algorithm: string, ciphertext: Buffer): Promise<Buffer>;
  /** RS*, PS* or ES* over a digest. */
  sign(algorithm: string, digest: Buffer): Buffer;
  verify(algorithm: string, digest: Buffer, signature: Buffer): boolean;
}

const OAEP_HASH = new Map([
  ['RSA-OAEP', 'SHA-1'],
  ['RSA-OAEP-256', 'SHA-256'],
]);
const EC_ALGORITHM = new Map<string, Curve>([
  ['ES256', 'P-256'],
  ['ES384', 'P-384'],
]);
const CURVES = { 'P-256': p256, 'P-384': p384 };
const DIGEST_BYTES = { '256': 32, '384': 48, '512': 64 };
/** The digest is signed as it came, and s is not normalised: so does Key Vault. */
const DIGEST_AS_IS = { prehash: false, lowS: false } as const;

/** The operations of one key version. Private RSA decryption runs on the thread pool, off the event loop. */
export function keyCrypto(version: KeyVersion, openPrivate: OpenPrivate): KeyCrypto {
  return isRsa(version.kty) ? rsaCrypto(version, openPrivate) : ecCrypto(version, openPrivate);
}

function rsaCrypto(version: KeyVersion, openPrivate: OpenPrivate): KeyCrypto {
  const publicKey = createPublicKey({ key: { kty: 'RSA', ...version.publicJwk }, format: 'jwk' });
  let signingKey: KeyObject | undefined;
  const decryptionKeys = new Map<string, Promise<webcrypto.CryptoKey>>();

  function decryptionKey(hash: string): Promise<webcrypto.CryptoKey> {
    const known = decryptionKeys.get(hash);
    if (known !== undefined) return known;
    const parameters = { name: 'RSA-OAEP', hash };
    const key = webcrypto.subtle.importKey('pkcs8', openPrivate(), parameters, false, ['decrypt']);
    decryptionKeys.set(hash, key);
    return key;
  }

  return {
    async encrypt(algorithm, plaintext) {
      const hash = oaepHash(algorithm);
      const spki = publicKey.export({ format: 'der', type: 'spki' });
      const parameters = { name: 'RSA-OAEP', hash };
      const key = await webcrypto.subtle.importKey('spki', spki, parameters, false, ['encrypt']);
      try {
        return Buffer.from(await webcrypto.subtle.encrypt(parameters, key, plaintext));
      } catch {
        throw badParameter('value is too long for the key');
      }
    },
    async decrypt(algorithm, ciphertext) {
      const key = await decryptionKey(oaepHash(algorithm));
      try {
        return Buffer.from(await webcrypto.subtle.decrypt({ name: 'RSA-OAEP' }, key, ciphertext));
      } catch {
        throw badParameter('value cannot be decrypted with this key version');
      }
    },
    // On the event loop (a few milliseconds): no asynchronous call takes a digest.
    sign(algorithm, digest) {
      const { scheme, hash } = rsaSignature(algorithm, digest);
      signingKey ??= createPrivateKey({ key: openPrivate(), format: 'der', type: 'pkcs8' });
      return signDigest(signingKey, scheme, hash, digest);
    },
    verify(algorithm, digest, signature) {
      const { scheme, hash } = rsaSignature(algorithm, digest);
      return verifyDigest(publicKey, scheme, hash, digest, signature);
    },
  };
}

function ecCrypto(version: KeyVersion, openPrivate: OpenPrivate): KeyCrypto {
  const { publicJwk } = version;
  if (!('crv' in publicJwk)) throw new Error('an EC key without a curve');
  const { crv, x, y } = publicJwk;
  const curve = CURVES[crv];
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  let scalar: Buffer | undefined;

  function check(algorithm: string, digest: Buffer): void {
    if (EC_ALGORITHM.get(algorithm) !== crv) throw unknownAlgorithm(algorithm);
    if (digest.length !== curve.lengths.secretKey) throw badParameter('the digest has the wrong length');
  }

  return {
    encrypt: (algorithm) => Promise.reject(unknownAlgorithm(algorithm)),
    decrypt: (algorithm) => Promise.reject(unknownAlgorithm(algorithm)),
    sign(algorithm, digest) {
      check(algorithm, digest);
      scalar ??= secretScalar(openPrivate());
      return Buffer.from(curve.sign(digest, scalar, DIGEST_AS_IS));
    },
    verify(algorithm, digest, signature) {
      check(algorithm, digest);
      if (signature.length !== 2 * digest.length) return false;
      try {
        return curve.verify(signature, digest, point, DIGEST_AS_IS);
      } catch {
        return false;
      }
    },
  };
}

function secretScalar(pkcs8: Buffer): Buffer {
  const { d } = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' });
  if (d === undefined) throw new Error('an EC key without its private part');
  return Buffer.from(d, 'base64url');
}

function oaepHash(algorithm: string): string {
  const hash = OAEP_HASH.get(algorithm);
  if (hash === undefined) throw unknownAlgorithm(algorithm);
  return hash;
}

function rsaSignature(algorithm: string, digest: Buffer): { scheme: RsaScheme; hash: RsaHash } {
  const match = /^(RS|PS)(256|384|512)$/.exec(algorithm);
  if (match === null) throw unknownAlgorithm(algorithm);
  const bits = match[2] as keyof typeof DIGEST_BYTES;
  if (digest.length !== DIGEST_BYTES[bits]) throw badParameter('the digest has the wrong length');
  return { scheme: match[1] === 'PS' ? 'pss' : 'pkcs1', hash: `sha${bits}` };
}

function unknownAlgorithm(algorithm: string): Error {
  return badParameter(`alg ${algorithm.slice(0, 20)} is not supported for this key and operation`);
}
