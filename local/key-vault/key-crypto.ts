import { createPrivateKey, createPublicKey, type KeyObject, webcrypto } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { type Curve, isRsa, type KeyVersion } from './key-record.ts';
import { type RsaHash, type RsaScheme, verifyDigest } from './rsa-digest-signature.ts';
import type { SigningThread } from './signing-thread.ts';
import { createTurns } from './turns.ts';
import { badParameter } from './vault-error.ts';

/** Gives the PKCS #8 of a key version; called once per version and use. */
export type OpenPrivate = () => Buffer;

export interface KeyCrypto {
  /** RSA-OAEP or RSA-OAEP-256. */
  encrypt(algorithm: string, plaintext: Buffer): Promise<Buffer>;
  decrypt(algorithm: string, ciphertext: Buffer): Promise<Buffer>;
  /** RS*, PS* or ES* over a digest. */
  sign(algorithm: string, digest: Buffer): Promise<Buffer>;
  verify(algorithm: string, digest: Buffer, signature: Buffer): Promise<boolean>;
}

const OAEP_HASH = new Map([
  ['RSA-OAEP', 'SHA-1'],
  ['RSA-OAEP-256', 'SHA-256'],
]);
const EC_ALGORITHM = new Map<string, Curve>([
  ['ES256', 'P-256'],
  ['ES384', 'P-384'],
]);
const SCALAR_BYTES: Readonly<Record<Curve, number>> = { 'P-256': 32, 'P-384': 48 };
const DIGEST_BYTES = { '256': 32, '384': 48, '512': 64 };
/**
 * Private RSA operations at once in this process. The thread pool would run four, and with as many threads as cores at
 * work the event loop, hence every other request, waits for its turn.
 */
const decrypting = createTurns(Math.max(1, availableParallelism() - 1));

/** The operations of one key version. All that takes long runs off the event loop: on the thread pool or in `thread`. */
export function keyCrypto(version: KeyVersion, openPrivate: OpenPrivate, thread: SigningThread): KeyCrypto {
  return isRsa(version.kty)
    ? rsaCrypto(version, openPrivate, thread)
    : ecCrypto(version, openPrivate, thread);
}

function rsaCrypto(version: KeyVersion, openPrivate: OpenPrivate, thread: SigningThread): KeyCrypto {
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
        const opened = await decrypting(() =>
          webcrypto.subtle.decrypt({ name: 'RSA-OAEP' }, key, ciphertext),
        );
        return Buffer.from(opened);
      } catch {
        throw badParameter('value cannot be decrypted with this key version');
      }
    },
    async sign(algorithm, digest) {
      const { scheme, hash } = rsaSignature(algorithm, digest);
      signingKey ??= createPrivateKey({ key: openPrivate(), format: 'der', type: 'pkcs8' });
      return thread.sign({ kind: 'sign-rsa', key: signingKey, scheme, hash, digest });
    },
    // With the public key, a tenth of a millisecond.
    async verify(algorithm, digest, signature) {
      const { scheme, hash } = rsaSignature(algorithm, digest);
      return verifyDigest(publicKey, scheme, hash, digest, signature);
    },
  };
}

function ecCrypto(version: KeyVersion, openPrivate: OpenPrivate, thread: SigningThread): KeyCrypto {
  const { publicJwk } = version;
  if (!('crv' in publicJwk)) throw new Error('an EC key without a curve');
  const { crv: curve, x, y } = publicJwk;
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  let scalar: Buffer | undefined;

  function check(algorithm: string, digest: Buffer): void {
    if (EC_ALGORITHM.get(algorithm) !== curve) throw unknownAlgorithm(algorithm);
    if (digest.length !== SCALAR_BYTES[curve]) throw badParameter('the digest has the wrong length');
  }

  return {
    encrypt: (algorithm) => Promise.reject(unknownAlgorithm(algorithm)),
    decrypt: (algorithm) => Promise.reject(unknownAlgorithm(algorithm)),
    async sign(algorithm, digest) {
      check(algorithm, digest);
      scalar ??= secretScalar(openPrivate());
      return thread.sign({ kind: 'sign-ec', curve, scalar, digest });
    },
    async verify(algorithm, digest, signature) {
      check(algorithm, digest);
      if (signature.length !== 2 * digest.length) return false;
      return thread.verify({ kind: 'verify-ec', curve, point, digest, signature });
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
