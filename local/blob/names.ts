import { BlobError } from './blob-error.ts';

export function isAccountName(name: string): boolean {
  return /^[a-z0-9]{3,24}$/.test(name);
}

export function isContainerName(name: string): boolean {
  return /^[a-z0-9](?:-?[a-z0-9]){2,62}$/.test(name) && name.length <= 63;
}

/**
 * Any Unicode text of at most 1,024 characters, but no control characters and non-characters: they do not fit into
 * the XML of a listing, nor unambiguously into the text that a shared access signature signs.
 */
export function assertBlobName(name: string): void {
  if (name.length > 1024) {
    throw new BlobError(
      400,
      'OutOfRangeInput',
      'The specified resource name length is not within the permissible limits.',
    );
  }
  if (/[\u0000-\u001f\u007f\ufffe\uffff]/.test(name)) {
    throw new BlobError(
      400,
      'InvalidResourceName',
      'The specified resource name contains invalid characters.',
    );
  }
}

const METADATA_LIMIT = 8 * 1024;

/** Names follow the rules of C# identifiers, values are printable ASCII, 8 KiB in all. */
export function parseMetadata(entries: readonly (readonly [string, string])[]): Record<string, string> {
  const metadata = new Map<string, string>();
  let size = 0;
  for (const [name, value] of entries) {
    const known = [...metadata.keys()].some((other) => other.toLowerCase() === name.toLowerCase());
    if (known || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || !/^[\x20-\x7e]*$/.test(value)) {
      throw new BlobError(
        400,
        'InvalidMetadata',
        'The metadata specified is invalid. It has characters that are not permitted.',
      );
    }
    size += name.length + value.length;
    metadata.set(name, value);
  }
  if (size > METADATA_LIMIT) {
    throw new BlobError(
      400,
      'MetadataTooLarge',
      'The metadata specified exceeds the maximum permissible limit (8KB).',
    );
  }
  return Object.fromEntries(metadata);
}
