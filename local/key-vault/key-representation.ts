/** Keys as Key Vault's JSON shows them. Never anything private. */
import { type KeyRecord, type KeyVersion, latestVersion } from './key-record.ts';

export function keyId(baseUrl: string, name: string, version?: string): string {
  return `${baseUrl}/keys/${name}${version === undefined ? '' : `/${version}`}`;
}

export function keyBundle(baseUrl: string, key: KeyRecord, version: KeyVersion): object {
  const { kty, operations, publicJwk } = version;
  return {
    key: { kid: keyId(baseUrl, key.name, version.version), kty, key_ops: operations, ...publicJwk },
    attributes: attributesOf(version),
    tags: version.tags,
  };
}

/** An entry of a list of keys. */
export function keyItem(baseUrl: string, key: KeyRecord): object {
  const version = latestVersion(key);
  return { kid: keyId(baseUrl, key.name), attributes: attributesOf(version), tags: version.tags };
}

/** An entry of a list of one key's versions. */
export function versionItem(baseUrl: string, key: KeyRecord, version: KeyVersion): object {
  return {
    kid: keyId(baseUrl, key.name, version.version),
    attributes: attributesOf(version),
    tags: version.tags,
  };
}

export function deletedBundle(baseUrl: string, key: KeyRecord): object {
  return { ...keyBundle(baseUrl, key, latestVersion(key)), ...deletionOf(baseUrl, key) };
}

export function deletedItem(baseUrl: string, key: KeyRecord): object {
  return { ...keyItem(baseUrl, key), ...deletionOf(baseUrl, key) };
}

export function rotationPolicyView(baseUrl: string, key: KeyRecord): object {
  const { lifetimeActions = [], expiryTime, created, updated } = key.rotationPolicy ?? {};
  return {
    id: `${keyId(baseUrl, key.name)}/rotationpolicy`,
    lifetimeActions,
    attributes: { expiryTime, created, updated },
  };
}

function attributesOf(version: KeyVersion): object {
  return {
    enabled: version.enabled,
    nbf: version.notBefore,
    exp: version.expires,
    created: version.created,
    updated: version.updated,
    recoveryLevel: 'Recoverable',
    recoverableDays: 90,
    exportable: false,
  };
}

function deletionOf(baseUrl: string, key: KeyRecord): object {
  return {
    recoveryId: `${baseUrl}/deletedkeys/${key.name}`,
    deletedDate: key.deleted?.at,
    scheduledPurgeDate: key.deleted?.purgeAt,
  };
}
