/**
 * What training code keeps between rounds (optimiser, control variates), per experiment. It never leaves the silo.
 *
 * A training that is repeated after a crash must start from the state that the first try started from. So each
 * training works on a copy; `current.json` names the state of the last training and the one before, and training key
 * K starts from the one that K did not make.
 */
import { constants } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifPresent, writeFileDurably } from './durable-file.ts';

const current = z.strictObject({ key: z.string(), previous: z.string().nullable() });

async function readCurrent(directory: string): Promise<z.infer<typeof current> | undefined> {
  const text = await ifPresent(readFile(join(directory, 'current.json'), 'utf8'));
  return text === undefined ? undefined : current.parse(JSON.parse(text));
}

/** Gives the training `key` its own copy of the experiment's state at `target` (which must not exist). */
export async function copyState(directory: string, key: string, target: string): Promise<void> {
  const now = await readCurrent(directory);
  const source = now?.key === key ? now.previous : now?.key;
  await mkdir(target, { mode: 0o700 });
  if (source === undefined || source === null) return;
  await cp(join(directory, source), target, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

/** Makes `source` the experiment's state as left by training `key`. May be repeated. */
export async function commitState(directory: string, key: string, source: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const now = await readCurrent(directory);
  const previous = now?.key === key ? now.previous : (now?.key ?? null);
  await rm(join(directory, key), { recursive: true, force: true });
  await rename(source, join(directory, key));
  await writeFileDurably(join(directory, 'current.json'), JSON.stringify({ key, previous }));
  for (const name of await readdir(directory)) {
    if (name === 'current.json' || name === key || name === previous) continue;
    await rm(join(directory, name), { recursive: true, force: true });
  }
}
