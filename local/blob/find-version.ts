import { blobNotFound } from './blob-error.ts';
import type { BlobRequest } from './blob-request.ts';
import type { BlobEntry, Version } from './model.ts';

export interface FoundVersion {
  readonly version: Version;
  readonly isCurrent: boolean;
}

/** The version the request pins by `versionid`, else the current one. Throws 404. */
export function findVersion(request: BlobRequest, entry: BlobEntry | undefined): FoundVersion {
  const id = request.query.get('versionid');
  const current = entry?.current;
  if (current !== undefined && (id === undefined || id === current.id))
    return { version: current, isCurrent: true };
  const version = id === undefined ? undefined : entry?.previous.find((candidate) => candidate.id === id);
  if (version === undefined) throw blobNotFound();
  return { version, isCurrent: false };
}
