import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurableFile } from '../core/durable-file.ts';

/** The signed fields of a user delegation key, as text on the wire. */
interface DelegationKeyFields {
  readonly objectId: string;
  readonly tenantId: string;
  readonly start: string;
  readonly expiry: string;
  readonly service: string;
  readonly version: string;
}

export interface DelegationKeys {
  /** The key's bytes. The same fields give the same key, so none needs to be kept. */
  derive(account: string, fields: DelegationKeyFields): Buffer;
}

const SECRET_BYTES = 32;

/** Opens the secret that all delegation keys are derived from, making it at the first start. It outlives restarts. */
export async function openDelegationKeys(directory: string): Promise<DelegationKeys> {
  const secret = await readOrCreate(join(directory, 'delegation.key'));
  return {
    derive(account, { objectId, tenantId, start, expiry, service, version }) {
      const fields = ['user-delegation', account, objectId, tenantId, start, expiry, service, version];
      return createHmac('sha256', secret).update(JSON.stringify(fields)).digest();
    },
  };
}

async function readOrCreate(path: string): Promise<Buffer> {
  try {
    const secret = await readFile(path);
    if (secret.length !== SECRET_BYTES)
      throw new Error(`${path} is damaged: it must hold ${SECRET_BYTES} bytes`);
    return secret;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const secret = randomBytes(SECRET_BYTES);
  await writeDurableFile(path, secret, 0o600);
  return secret;
}
