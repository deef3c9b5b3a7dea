/**
 * Signatures over documents: ES256 over SHA-256(label || 0x00 || canonical JSON). The label says what kind of
 * document it is, so a signature under one kind never passes for another.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import type { SigningJwk, WrappingJwk } from '../contracts/keys.ts';
import { fromBase64url } from './base64url.ts';
import { canonicalJson } from './canonical-json.ts';

export type SignatureLabel =
  | 'tributary/plan/1'
  | 'tributary/update/1'
  | 'tributary/reply/1'
  | 'tributary/roster/1'
  | 'tributary/outcome/1'
  | 'tributary/receipt/1';

/** Signs a 32-byte digest with ES256 and returns r || s, 64 bytes: what Key Vault's `sign` does. */
export type SignDigest = (digest: Uint8Array) => Promise<Uint8Array>;

const SIGNATURE_BYTES = 64;

function signedMessage(label: SignatureLabel, body: unknown): Buffer {
  return Buffer.from(`${label}\0${canonicalJson(body)}`, 'utf8');
}

/** The digest that the signer signs. */
export function signedDigest(label: SignatureLabel, body: unknown): Buffer {
  return createHash('sha256').update(signedMessage(label, body)).digest();
}

/** Signs a body; the result is base64url of r || s. Throws when the signer returns anything but 64 bytes. */
export async function signBody(label: SignatureLabel, body: unknown, sign: SignDigest): Promise<string> {
  const signature = await sign(signedDigest(label, body));
  if (signature.length !== SIGNATURE_BYTES) {
    throw new Error(`The signer returned ${signature.length} bytes; ES256 as r || s has ${SIGNATURE_BYTES}.`);
  }
  return Buffer.from(signature).toString('base64url');
}

/** Whether `signature` (base64url of r || s) is `key`'s over this body. A malformed signature or key is a no. */
export function verifySignature(
  label: SignatureLabel,
  body: unknown,
  signature: string,
  key: SigningJwk,
): boolean {
  const bytes = fromBase64url(signature);
  if (bytes?.length !== SIGNATURE_BYTES) return false;
  if (key.kty !== 'EC' || key.crv !== 'P-256') return false;
  try {
    const { kty, crv, x, y } = key;
    const publicKey = createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
    // node:crypto hashes by itself: given the digest, it would hash it a second time.
    return verify('sha256', signedMessage(label, body), { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytes);
  } catch {
    return false;
  }
}

/** RFC 7638: base64url of the SHA-256 of the key's required members. */
export function jwkThumbprint(key: WrappingJwk | SigningJwk): string {
  const required =
    key.kty === 'RSA'
      ? { e: key.e, kty: key.kty, n: key.n }
      : { crv: key.crv, kty: key.kty, x: key.x, y: key.y };
  return createHash('sha256').update(canonicalJson(required)).digest('base64url');
}

/** SHA-256 of a document's canonical JSON, in hex: how documents refer to each other. */
export function bodyDigest(body: unknown): string {
  return createHash('sha256').update(canonicalJson(body)).digest('hex');
}
