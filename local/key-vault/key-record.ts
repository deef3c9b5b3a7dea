import * as z from 'zod';
import { rotationPolicyShape } from './rotation-policy.ts';

export const KEY_OPERATIONS = ['encrypt', 'decrypt', 'sign', 'verify', 'wrapKey', 'unwrapKey'] as const;
export type KeyOperation = (typeof KEY_OPERATIONS)[number];

export const keyTypeShape = z.enum(['RSA', 'RSA-HSM', 'EC', 'EC-HSM']);
export type KeyType = z.infer<typeof keyTypeShape>;

export const curveShape = z.enum(['P-256', 'P-384']);
export type Curve = z.infer<typeof curveShape>;

const publicJwkShape = z.union([
  z.strictObject({ n: z.string(), e: z.string() }),
  z.strictObject({ crv: curveShape, x: z.string(), y: z.string() }),
]);
export type PublicJwk = z.infer<typeof publicJwkShape>;

/** Times are epoch seconds, as in Key Vault's attributes. */
const keyVersionShape = z.object({
  version: z.string(),
  kty: keyTypeShape,
  operations: z.array(z.enum(KEY_OPERATIONS)),
  publicJwk: publicJwkShape,
  /** PKCS #8, encrypted under the vault's root key: see private-material.ts. */
  sealedPrivate: z.string(),
  enabled: z.boolean(),
  notBefore: z.number().optional(),
  expires: z.number().optional(),
  created: z.number(),
  updated: z.number(),
  tags: z.record(z.string(), z.string()).optional(),
});
export type KeyVersion = z.infer<typeof keyVersionShape>;

/** A key with all its versions, oldest first; what one file holds. */
export const keyRecordShape = z.object({
  name: z.string(),
  versions: z.array(keyVersionShape).min(1),
  rotationPolicy: rotationPolicyShape.optional(),
  deleted: z.object({ at: z.number(), purgeAt: z.number() }).optional(),
});
export type KeyRecord = z.infer<typeof keyRecordShape>;

export function latestVersion(key: KeyRecord): KeyVersion {
  const latest = key.versions.at(-1);
  if (latest === undefined) throw new Error(`key ${key.name} has no version`);
  return latest;
}

export function isRsa(kty: KeyType): boolean {
  return kty === 'RSA' || kty === 'RSA-HSM';
}
