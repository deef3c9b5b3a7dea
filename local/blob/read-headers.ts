import type { ContainerState } from './container-state.ts';
import type { Version } from './model.ts';

export function httpDate(time: number): string {
  return new Date(time).toUTCString();
}

/** Headers that answer every write of a blob. */
export function writtenHeaders(version: Version): Record<string, string> {
  return {
    etag: version.etag,
    'last-modified': httpDate(version.modified),
    'x-ms-request-server-encrypted': 'true',
  };
}

export function versionIdHeader(state: ContainerState, version: Version): Record<string, string> {
  return state.container.versioning ? { 'x-ms-version-id': version.id } : {};
}

export function metadataHeaders(version: Version): Record<string, string> {
  return Object.fromEntries(
    Object.entries(version.metadata).map(([name, value]) => [`x-ms-meta-${name}`, value]),
  );
}

/** Everything a read says about a version besides its bytes. */
export function versionHeaders(
  state: ContainerState,
  version: Version,
  isCurrent: boolean,
): Record<string, string> {
  return {
    ...version.content,
    etag: version.etag,
    'last-modified': httpDate(version.modified),
    'x-ms-creation-time': httpDate(version.created),
    'x-ms-blob-type': 'BlockBlob',
    'x-ms-lease-state': 'available',
    'x-ms-lease-status': 'unlocked',
    'x-ms-server-encrypted': 'true',
    'accept-ranges': 'bytes',
    ...versionIdHeader(state, version),
    ...(state.container.versioning && isCurrent ? { 'x-ms-is-current-version': 'true' } : {}),
    ...protectionHeaders(version),
    ...metadataHeaders(version),
  };
}

export function protectionHeaders({ policy, legalHold }: Version): Record<string, string> {
  return {
    ...(policy === undefined
      ? {}
      : {
          'x-ms-immutability-policy-until-date': httpDate(policy.until),
          'x-ms-immutability-policy-mode': policy.locked ? 'locked' : 'unlocked',
        }),
    ...(legalHold === true ? { 'x-ms-legal-hold': 'true' } : {}),
  };
}
