/** What becomes of a key by each operation that changes it: from the record before to the record after. */
import { randomBytes } from 'node:crypto';
import { generateEc, generateRsa, importJwk, type KeyMaterial } from './key-material.ts';
import {
  isRsa,
  KEY_OPERATIONS,
  type KeyOperation,
  type KeyRecord,
  type KeyType,
  type KeyVersion,
  latestVersion,
} from './key-record.ts';
import type { MaterialSeal } from './private-material.ts';
import type { Attributes, CreateBody, ImportBody, UpdateBody } from './request-body.ts';
import { addDuration } from './rotation-policy.ts';
import { badParameter, keyNotFound, unsupported, VaultError } from './vault-error.ts';

export interface LifecycleContext {
  readonly seal: MaterialSeal;
  /** Epoch seconds. */
  readonly now: number;
}

const RETENTION_DAYS = 90;
const DAY_SECONDS = 24 * 3600;
const DEFAULT_RSA_BITS = 2048;

/** A key that exists and is not deleted; otherwise 404, or 409 for a name that a deleted key still holds. */
export function requireLive(key: KeyRecord | undefined, name: string): KeyRecord {
  if (key === undefined || key.deleted !== undefined) throw keyNotFound(name);
  return key;
}

export function requireDeleted(key: KeyRecord | undefined, name: string): KeyRecord {
  if (key?.deleted === undefined) throw keyNotFound(name);
  return key;
}

export async function createVersion(
  key: KeyRecord | undefined,
  name: string,
  body: CreateBody,
  context: LifecycleContext,
): Promise<KeyRecord> {
  refuseDeletedName(key, name);
  refuseRelease(body);
  const operations = allowedOperations(body.kty, body.key_ops);
  let material: KeyMaterial;
  if (isRsa(body.kty)) {
    if (body.crv !== undefined) throw badParameter('an RSA key has no crv');
    material = await generateRsa(body.key_size ?? DEFAULT_RSA_BITS);
  } else {
    material = await generateEc(body.crv ?? 'P-256');
  }
  return withVersion(key, name, { ...body, operations, material }, context);
}

export function importVersion(
  key: KeyRecord | undefined,
  name: string,
  body: ImportBody,
  context: LifecycleContext,
): KeyRecord {
  refuseDeletedName(key, name);
  refuseRelease(body);
  const { kty, key_ops: wanted, ...parts } = body.key;
  const operations = allowedOperations(kty, wanted);
  const material = importJwk({ ...parts, kty: kty.replace('-HSM', '') });
  return withVersion(key, name, { ...body, kty, operations, material }, context);
}

/** A version of the same kind; it expires when the rotation policy says so. */
export async function rotatedVersion(key: KeyRecord, context: LifecycleContext): Promise<KeyRecord> {
  const { kty, operations, publicJwk, tags } = latestVersion(key);
  const expiry = key.rotationPolicy?.expiryTime;
  const material =
    'n' in publicJwk
      ? await generateRsa(8 * Buffer.from(publicJwk.n, 'base64url').length)
      : await generateEc(publicJwk.crv);
  const attributes = expiry === undefined ? {} : { exp: addDuration(context.now, expiry) };
  return withVersion(key, key.name, { kty, operations, material, attributes, tags }, context);
}

export function updatedVersion(
  key: KeyRecord,
  version: KeyVersion,
  body: UpdateBody,
  now: number,
): KeyRecord {
  refuseRelease(body);
  const { attributes = {}, tags, key_ops: wanted } = body;
  const changed: KeyVersion = {
    ...version,
    ...(attributes.enabled === undefined ? {} : { enabled: attributes.enabled }),
    ...(attributes.nbf === undefined ? {} : { notBefore: attributes.nbf }),
    ...(attributes.exp === undefined ? {} : { expires: attributes.exp }),
    ...(tags === undefined ? {} : { tags }),
    ...(wanted === undefined ? {} : { operations: allowedOperations(version.kty, wanted) }),
    updated: now,
  };
  refuseEmptyLifetime(changed.notBefore, changed.expires);
  return { ...key, versions: key.versions.map((one) => (one === version ? changed : one)) };
}

export function deletedKey(key: KeyRecord, now: number): KeyRecord {
  return { ...key, deleted: { at: now, purgeAt: now + RETENTION_DAYS * DAY_SECONDS } };
}

export function recoveredKey(key: KeyRecord): KeyRecord {
  const { deleted: _deleted, ...live } = key;
  return live;
}

interface NewVersion {
  readonly kty: KeyType;
  readonly operations: KeyOperation[];
  readonly material: KeyMaterial;
  readonly attributes?: Attributes | undefined;
  readonly tags?: Record<string, string> | undefined;
}

function withVersion(
  key: KeyRecord | undefined,
  name: string,
  { kty, operations, material, attributes = {}, tags }: NewVersion,
  { seal, now }: LifecycleContext,
): KeyRecord {
  refuseEmptyLifetime(attributes.nbf, attributes.exp);
  const version = randomBytes(16).toString('hex');
  const known = key ?? { name, versions: [] };
  const added: KeyVersion = {
    version,
    kty,
    operations,
    publicJwk: material.publicJwk,
    sealedPrivate: seal.seal(materialLabel(known.name, version), material.pkcs8),
    enabled: attributes.enabled ?? true,
    notBefore: attributes.nbf,
    expires: attributes.exp,
    created: now,
    updated: now,
    tags,
  };
  return { ...known, versions: [...known.versions, added] };
}

export function materialLabel(name: string, version: string): string {
  return `${name.toLowerCase()}/${version}`;
}

function allowedOperations(kty: KeyType, wanted: readonly KeyOperation[] | undefined): KeyOperation[] {
  const possible: readonly KeyOperation[] = isRsa(kty) ? KEY_OPERATIONS : ['sign', 'verify'];
  if (wanted === undefined || wanted.length === 0) return [...possible];
  if (wanted.some((operation) => !possible.includes(operation))) {
    throw badParameter(`key_ops names an operation that a key of type ${kty} does not have`);
  }
  return [...wanted];
}

function refuseDeletedName(key: KeyRecord | undefined, name: string): void {
  if (key?.deleted === undefined) return;
  throw new VaultError(
    409,
    'Conflict',
    `Key ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the key can only be recovered or purged.`,
    'ObjectIsDeletedButRecoverable',
  );
}

function refuseRelease(body: { attributes?: Attributes | undefined; release_policy?: unknown }): void {
  if (body.attributes?.exportable === true || body.release_policy !== undefined) {
    throw unsupported('KeyRelease (exportable keys and release policies)');
  }
}

function refuseEmptyLifetime(notBefore: number | undefined, expires: number | undefined): void {
  if (notBefore !== undefined && expires !== undefined && expires <= notBefore) {
    throw badParameter('exp must be later than nbf');
  }
}
