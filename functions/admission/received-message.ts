import { createHash } from 'node:crypto';

/** A queue message as bytes. The host hands JSON over parsed, so it is written again; what is signed is canonical. */
export function messageBytes(message: unknown): Buffer {
  if (typeof message === 'string') return Buffer.from(message);
  if (message instanceof Uint8Array) return Buffer.from(message);
  return Buffer.from(JSON.stringify(message) ?? '');
}

export function messageDigest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The `kind` of a JSON message, without trusting anything else in it. */
export function kindOf(bytes: Uint8Array): string | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    return typeof value === 'object' && value !== null && 'kind' in value ? String(value.kind) : undefined;
  } catch {
    return undefined;
  }
}
