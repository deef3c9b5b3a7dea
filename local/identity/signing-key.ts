import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { writeDurableFile } from '../core/durable-file.ts';

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public half as it stands in the JWKS document. */
  readonly jwk: Readonly<Record<string, string>>;
  /** RFC 7638 thumbprint. */
  readonly kid: string;
}

/** Reads the token signing key at `path`, or makes one that only this user can read. */
export async function loadSigningKey(path: string): Promise<SigningKey> {
  const privateKey = (await readKey(path)) ?? (await makeKey(path));
  const publicKey = createPublicKey(privateKey);
  const { e = '', kty = '', n = '' } = publicKey.export({ format: 'jwk' });
  const kid = createHash('sha256').update(JSON.stringify({ e, kty, n })).digest('base64url');
  return { privateKey, publicKey, kid, jwk: { kty, n, e, kid, use: 'sig', alg: 'RS256' } };
}

async function readKey(path: string): Promise<KeyObject | undefined> {
  try {
    return createPrivateKey(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function makeKey(path: string): Promise<KeyObject> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  await writeDurableFile(path, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  return privateKey;
}
