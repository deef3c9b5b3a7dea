import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { type Curve, curveShape, type PublicJwk } from './key-record.ts';
import { badParameter } from './vault-error.ts';

export interface KeyMaterial {
  readonly pkcs8: Buffer;
  readonly publicJwk: PublicJwk;
}

const RSA_SIZES: readonly number[] = [2048, 3072, 4096];
const generate = promisify(generateKeyPair);

export async function generateRsa(modulusLength: number): Promise<KeyMaterial> {
  if (!RSA_SIZES.includes(modulusLength)) throw badParameter('key_size must be 2048, 3072 or 4096');
  const { privateKey } = await generate('rsa', { modulusLength, publicExponent: 65537 });
  return materialOf(privateKey);
}

export async function generateEc(namedCurve: Curve): Promise<KeyMaterial> {
  const { privateKey } = await generate('ec', { namedCurve });
  return materialOf(privateKey);
}

/** Takes the private key out of a JWK whose `kty` is RSA or EC, and refuses what the vault cannot use. */
export function importJwk(jwk: Readonly<Record<string, unknown>>): KeyMaterial {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: jwk, format: 'jwk' });
  } catch {
    // Without the cause: it could quote the key.
    throw badParameter('key is not a private RSA or EC key');
  }
  const { modulusLength } = key.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined && !RSA_SIZES.includes(modulusLength)) {
    throw badParameter('an RSA key must have 2048, 3072 or 4096 bits');
  }
  return materialOf(key);
}

function materialOf(key: KeyObject): KeyMaterial {
  const { n, e, crv, x, y } = createPublicKey(key).export({ format: 'jwk' });
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  if (n !== undefined && e !== undefined) return { pkcs8, publicJwk: { n, e } };
  const curve = curveShape.safeParse(crv);
  if (!curve.success || x === undefined || y === undefined) throw badParameter('crv must be P-256 or P-384');
  return { pkcs8, publicJwk: { crv: curve.data, x, y } };
}
