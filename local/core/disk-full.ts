/** There is no room on disk for what was asked to be kept; nothing of it was kept. */
export class DiskFull extends Error {
  override readonly name = 'DiskFull';
}

/** The disk, the user's quota or the process's limit on a file's size. */
const CODES = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

export function isOutOfSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && CODES.has(String(error.code));
}
