/**
 * A key version never changes. The agent remembers the thumbprint of each that it has used and refuses a vault that
 * suddenly says otherwise: updates would be sealed for somebody else.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifPresent, writeFileDurably } from './durable-file.ts';
import type { SiloKeys } from './ports.ts';

const remembered = z.record(z.string(), z.string());

export function rememberKeys(keys: SiloKeys, workDirectory: string): SiloKeys {
  const path = join(workDirectory, 'keys.json');
  let last: Promise<unknown> = Promise.resolve();

  async function check(kid: string, jkt: string): Promise<void> {
    await mkdir(workDirectory, { recursive: true, mode: 0o700 });
    const text = await ifPresent(readFile(path, 'utf8'));
    const known = text === undefined ? {} : remembered.parse(JSON.parse(text));
    if (known[kid] === jkt) return;
    if (known[kid] !== undefined) {
      throw new Error(`the vault answers another key for ${kid} than before; see ${path}`);
    }
    await writeFileDurably(path, JSON.stringify({ ...known, [kid]: jkt }, null, 2));
  }

  async function checked<K extends { kid: string; jkt: string }>(fetched: Promise<K>): Promise<K> {
    const key = await fetched;
    const turn = last.then(() => check(key.kid, key.jkt));
    last = turn.catch(() => undefined);
    await turn;
    return key;
  }

  return { kek: () => checked(keys.kek()), sig: () => checked(keys.sig()), sign: keys.sign };
}
