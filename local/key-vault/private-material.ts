import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeDurableFile } from '../core/durable-file.ts';

/** Encrypts and decrypts private keys at rest; `label` binds a ciphertext to the one key version it belongs to. */
export interface MaterialSeal {
  seal(label: string, pkcs8: Buffer): string;
  open(label: string, sealed: string): Buffer;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Reads the root key of a vault. A vault without keys gets a fresh one; one with keys and no root key is refused. */
export async function loadMaterialSeal(path: string, vaultHasKeys: boolean): Promise<MaterialSeal> {
  const rootKey = await loadRootKey(path, vaultHasKeys);
  return {
    seal(label, pkcs8) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', rootKey, iv).setAAD(Buffer.from(label));
      const text = Buffer.concat([cipher.update(pkcs8), cipher.final()]);
      return Buffer.concat([iv, text, cipher.getAuthTag()]).toString('base64url');
    },
    open(label, sealed) {
      const bytes = Buffer.from(sealed, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', rootKey, bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(label)).setAuthTag(bytes.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
    },
  };
}

async function loadRootKey(path: string, vaultHasKeys: boolean): Promise<Buffer> {
  try {
    const key = await readFile(path);
    if (key.length !== 32) throw new Error(`${path} is not a root key; restore it from a copy`);
    return key;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    if (vaultHasKeys) throw new Error(`${path} is missing, without it the keys beside it cannot be used`);
  }
  const key = randomBytes(32);
  await writeDurableFile(path, key);
  return key;
}
