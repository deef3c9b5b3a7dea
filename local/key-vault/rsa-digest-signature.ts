/**
 * RSA signatures over a digest made by the client. node:crypto signs messages only, so the encodings of RFC 8017 are
 * built here and the raw RSA operation is left to OpenSSL.
 */
import {
  constants,
  createHash,
  type KeyObject,
  privateEncrypt,
  publicDecrypt,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

export type RsaHash = 'sha256' | 'sha384' | 'sha512';
export type RsaScheme = 'pkcs1' | 'pss';

/** DER of DigestInfo up to the digest (RFC 8017, 9.2, note 1). */
const DIGEST_INFO: Record<RsaHash, Buffer> = {
  sha256: Buffer.from('3031300d060960864801650304020105000420', 'hex'),
  sha384: Buffer.from('3041300d060960864801650304020205000430', 'hex'),
  sha512: Buffer.from('3051300d060960864801650304020305000440', 'hex'),
};

export function signDigest(key: KeyObject, scheme: RsaScheme, hash: RsaHash, digest: Buffer): Buffer {
  if (scheme === 'pkcs1') {
    const info = Buffer.concat([DIGEST_INFO[hash], digest]);
    return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, info);
  }
  const encoded = encodePss(digest, modulusBits(key) - 1, hash);
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
}

export function verifyDigest(
  key: KeyObject,
  scheme: RsaScheme,
  hash: RsaHash,
  digest: Buffer,
  signature: Buffer,
): boolean {
  if (signature.length !== modulusBits(key) / 8) return false;
  let recovered: Buffer;
  try {
    const padding = scheme === 'pkcs1' ? constants.RSA_PKCS1_PADDING : constants.RSA_NO_PADDING;
    recovered = publicDecrypt({ key, padding }, signature);
  } catch {
    return false;
  }
  if (scheme === 'pss') return isPssOf(recovered, digest, modulusBits(key) - 1, hash);
  const expected = Buffer.concat([DIGEST_INFO[hash], digest]);
  return recovered.length === expected.length && timingSafeEqual(recovered, expected);
}

function encodePss(digest: Buffer, bits: number, hash: RsaHash): Buffer {
  const length = Math.ceil(bits / 8);
  const salt = randomBytes(digest.length);
  const inner = pssHash(digest, salt, hash);
  const data = Buffer.concat([Buffer.alloc(length - digest.length - salt.length - 2), Buffer.of(1), salt]);
  const masked = xor(data, maskOf(inner, data.length, hash));
  masked.writeUInt8(masked.readUInt8(0) & topMask(bits, length), 0);
  return Buffer.concat([masked, inner, Buffer.of(0xbc)]);
}

function isPssOf(encoded: Buffer, digest: Buffer, bits: number, hash: RsaHash): boolean {
  const length = Math.ceil(bits / 8);
  if (encoded.length !== length || encoded.at(-1) !== 0xbc) return false;
  const masked = encoded.subarray(0, length - digest.length - 1);
  const inner = encoded.subarray(length - digest.length - 1, -1);
  if ((masked.readUInt8(0) & ~topMask(bits, length) & 0xff) !== 0) return false;
  const data = xor(masked, maskOf(inner, masked.length, hash));
  data.writeUInt8(data.readUInt8(0) & topMask(bits, length), 0);
  // Key Vault salts with as many bytes as the digest has, so any other length is not a signature of this scheme.
  const saltAt = data.length - digest.length;
  if (!data.subarray(0, saltAt - 1).every((byte) => byte === 0) || data[saltAt - 1] !== 1) return false;
  return timingSafeEqual(inner, pssHash(digest, data.subarray(saltAt), hash));
}

function pssHash(digest: Buffer, salt: Buffer, hash: RsaHash): Buffer {
  return createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest();
}

/** MGF1. */
function maskOf(seed: Buffer, length: number, hash: RsaHash): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0, size = 0; size < length; counter += 1) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    const block = createHash(hash).update(seed).update(count).digest();
    blocks.push(block);
    size += block.length;
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function xor(one: Buffer, other: Buffer): Buffer {
  return Buffer.from(one.map((byte, index) => byte ^ (other[index] ?? 0)));
}

function topMask(bits: number, length: number): number {
  return 0xff >> (8 * length - bits);
}

function modulusBits(key: KeyObject): number {
  return key.asymmetricKeyDetails?.modulusLength ?? 0;
}
