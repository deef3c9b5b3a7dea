/**
 * The keys of one vault, a file each.
 *
 * 1. A change is on disk before it shows in memory, and shows in memory before its call resolves.
 * 2. Changes to one key run one after another: making key material takes time, and two creations must give two versions.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory, writeDurableFile } from '../core/durable-file.ts';
import { type KeyRecord, keyRecordShape } from './key-record.ts';

export interface KeyStore {
  /** Names are compared without regard to case, as in Key Vault. Keys past their purge date are gone. */
  find(name: string): KeyRecord | undefined;
  /** All keys, live and deleted, by name. */
  all(): KeyRecord[];
  /** Replaces the key by what `transition` makes of it; when that throws, nothing changes. */
  change(
    name: string,
    transition: (key: KeyRecord | undefined) => KeyRecord | Promise<KeyRecord>,
  ): Promise<KeyRecord>;
}

export async function openKeyStore(directory: string, nowSeconds: () => number): Promise<KeyStore> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const keys = await loadKeys(directory);
  const last = new Map<string, Promise<unknown>>();

  const isPurged = (key: KeyRecord) => key.deleted !== undefined && key.deleted.purgeAt <= nowSeconds();
  for (const [id, key] of keys) {
    if (!isPurged(key)) continue;
    await rm(join(directory, `${id}.json`), { force: true });
    await syncDirectory(directory);
    keys.delete(id);
  }
  const find = (name: string) => {
    const key = keys.get(name.toLowerCase());
    return key === undefined || isPurged(key) ? undefined : key;
  };

  return {
    find,
    all() {
      const present = [...keys.values()].filter((key) => !isPurged(key));
      return present.sort((one, other) => (one.name < other.name ? -1 : 1));
    },
    change(name, transition) {
      const id = name.toLowerCase();
      const before = last.get(id) ?? Promise.resolve();
      const done = before.then(async () => {
        const changed = await transition(find(name));
        await writeDurableFile(join(directory, `${id}.json`), JSON.stringify(changed));
        keys.set(id, changed);
        return changed;
      });
      const settled = done.catch(() => undefined);
      last.set(id, settled);
      void settled.then(() => {
        if (last.get(id) === settled) last.delete(id);
      });
      return done;
    },
  };
}

async function loadKeys(directory: string): Promise<Map<string, KeyRecord>> {
  const keys = new Map<string, KeyRecord>();
  for (const file of await readdir(directory)) {
    const path = join(directory, file);
    if (file.endsWith('.tmp')) {
      await rm(path, { force: true });
      continue;
    }
    if (!file.endsWith('.json')) continue;
    const record = keyRecordShape.safeParse(parseJson(await readFile(path, 'utf8')));
    if (!record.success) throw new Error(`${path} is not a key; restore it from a copy`);
    keys.set(record.data.name.toLowerCase(), record.data);
  }
  return keys;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
