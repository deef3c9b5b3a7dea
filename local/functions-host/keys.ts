import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurableFile } from '../core/durable-file.ts';

/** The host's access keys, as in Azure: `x-functions-key` or `?code=`. */
export interface HostKeys {
  /** Opens everything: admin endpoints, functions, webhooks. */
  readonly master: string;
  /** Opens functions of authLevel "function". */
  readonly function: string;
  /** Opens the Durable webhooks. */
  readonly durable: string;
}

const newKey = (): string => randomBytes(32).toString('base64url');

/** Reads the key file of `directory`, or makes one (mode 0600). */
export async function loadKeys(directory: string): Promise<HostKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'keys.json');
  if (existsSync(path)) {
    const {
      master,
      function: functionKey,
      durable,
    } = JSON.parse(readFileSync(path, 'utf8')) as Partial<HostKeys>;
    if (!master || !functionKey || !durable)
      throw new Error(`${path} does not hold the three keys of a host`);
    return { master, function: functionKey, durable };
  }
  const keys = { master: newKey(), function: newKey(), durable: newKey() };
  await writeDurableFile(path, JSON.stringify(keys, undefined, 2));
  return keys;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** True if `offered` is one of `accepted`, compared in constant time. */
export function opens(offered: string | undefined, ...accepted: readonly string[]): boolean {
  if (offered === undefined || offered === '') return false;
  const hashed = digest(offered);
  return accepted.map((key) => timingSafeEqual(hashed, digest(key))).includes(true);
}
