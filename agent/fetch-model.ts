/**
 * Brings a global model onto this machine: by the one-blob link that the coordinator hands out, in ranges, resumed
 * where a broken connection left off. Only the digest in the signed plan says whether it is the right one.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BaseModel } from '../shared/contracts/plan.ts';
import { ifPresent, syncDirectory } from './durable-file.ts';

/** A connection that delivers nothing for so long is given up. */
const STALL_MS = 30_000;

/** Whether the file at `path` is the model, by length and digest. */
export async function isModel(path: string, model: BaseModel): Promise<boolean> {
  const found = await ifPresent(stat(path));
  if (found?.size !== model.bytes) return false;
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(path)) digest.update(chunk as Buffer);
  return digest.digest('hex') === model.sha256;
}

export type Fetched = 'fetched' | 'wrong-bytes';

/**
 * Downloads into `path`, going on from what an earlier call left in `{path}.part`. Throws when the connection fails;
 * what has arrived is kept. `wrong-bytes` when all has arrived and is not the model.
 */
export async function fetchModel(options: {
  url: string;
  model: BaseModel;
  path: string;
  signal: AbortSignal;
  stallMs?: number;
}): Promise<Fetched> {
  const { url, model, path, signal, stallMs = STALL_MS } = options;
  const part = `${path}.part`;
  const have = Math.min((await ifPresent(stat(part)))?.size ?? 0, model.bytes);
  if (have < model.bytes) await download({ url, model, part, have, signal, stallMs });
  if (!(await isModel(part, model))) {
    await rm(part, { force: true });
    return 'wrong-bytes';
  }
  await rename(part, path);
  await syncDirectory(dirname(path));
  return 'fetched';
}

async function download(options: {
  url: string;
  model: BaseModel;
  part: string;
  have: number;
  signal: AbortSignal;
  stallMs: number;
}): Promise<void> {
  const { url, model, part, have, signal, stallMs } = options;
  const stalled = new AbortController();
  let timer = setTimeout(() => stalled.abort(), stallMs);
  const stop = AbortSignal.any([signal, stalled.signal]);
  try {
    const response = await fetch(url, {
      headers: have > 0 ? { range: `bytes=${have}-` } : {},
      redirect: 'error',
      signal: stop,
    });
    if (response.status !== 200 && response.status !== 206) {
      await response.body?.cancel();
      // The kept part may be longer than what is there now, or of something else.
      if (response.status === 416) await rm(part, { force: true });
      throw new Error(`the model store answered ${response.status}`);
    }
    // A server that ignores ranges sends the whole from its beginning.
    let at = response.status === 206 ? have : 0;
    const handle = await open(part, at > 0 ? 'r+' : 'w', 0o600);
    try {
      for await (const chunk of response.body ?? []) {
        clearTimeout(timer);
        timer = setTimeout(() => stalled.abort(), stallMs);
        if (at + chunk.length > model.bytes) throw new Error('the model store sent more than the plan says');
        await handle.write(chunk, 0, chunk.length, at);
        at += chunk.length;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (at < model.bytes) throw new Error(`the connection ended after ${at} of ${model.bytes} bytes`);
  } catch (error) {
    if (stalled.signal.aborted)
      throw new Error('the model store sent nothing for too long', { cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
