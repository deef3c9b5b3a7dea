import type { FileHandle } from 'node:fs/promises';
import { FRAME_HEADER_BYTES, FRAME_MAGIC, frameChecksum, readHeader } from './log-frame.ts';

/** Acknowledged records of a log are damaged; opening it would lose them silently, so it is refused. */
class LogDamaged extends Error {
  override readonly name = 'LogDamaged';
}

const WINDOW_BYTES = 1024 * 1024;

/**
 * Replays every intact frame in order and returns the length of the intact part. Whatever follows must be a torn,
 * never acknowledged tail; throws {@link LogDamaged} when a later frame proves that the broken place had been synced.
 */
export async function scanLog(
  file: FileHandle,
  size: number,
  replay: (record: Buffer) => void,
  path: string,
): Promise<number> {
  const read = windowedReader(file, size);
  let at = 0;
  for (;;) {
    const record = await readFrame(read, at, size);
    if (record === undefined) break;
    replay(record);
    at += FRAME_HEADER_BYTES + record.length;
  }
  if (at < size && (await somethingWasSyncedBeyond(read, at, size))) {
    throw new LogDamaged(
      `${path} is damaged at byte ${at}: acknowledged records are unreadable there. Restore the file from a copy.`,
    );
  }
  return at;
}

type Read = (at: number, length: number) => Promise<Buffer>;

async function readFrame(read: Read, at: number, size: number): Promise<Buffer | undefined> {
  if (at + FRAME_HEADER_BYTES > size) return undefined;
  const head = await read(at, FRAME_HEADER_BYTES);
  const header = readHeader(head, 0);
  if (header === undefined || at + FRAME_HEADER_BYTES + header.length > size) return undefined;
  const record = await read(at + FRAME_HEADER_BYTES, header.length);
  const intact = frameChecksum(head.subarray(0, 16), record) === header.checksum;
  return intact ? Buffer.from(record) : undefined;
}

async function somethingWasSyncedBeyond(read: Read, broken: number, size: number): Promise<boolean> {
  for (let from = broken + 1; from < size; from += WINDOW_BYTES) {
    const part = await read(from, Math.min(WINDOW_BYTES + FRAME_MAGIC.length - 1, size - from));
    const candidates: number[] = [];
    for (let found = part.indexOf(FRAME_MAGIC); found >= 0; found = part.indexOf(FRAME_MAGIC, found + 1)) {
      candidates.push(from + found);
    }
    for (const at of candidates) {
      if ((await readFrame(read, at, size)) === undefined) continue;
      const header = readHeader(await read(at, FRAME_HEADER_BYTES), 0);
      if (header !== undefined && header.syncedBefore > broken) return true;
    }
  }
  return false;
}

/** Reads through one sliding window, so that a log of many small records costs few system calls. */
function windowedReader(file: FileHandle, size: number): Read {
  let window: Buffer = Buffer.alloc(0);
  let start = 0;
  return async (at, length) => {
    if (at < start || at + length > start + window.length) {
      const wanted = Math.min(Math.max(length, WINDOW_BYTES), size - at);
      const next = Buffer.allocUnsafe(wanted);
      let filled = 0;
      while (filled < wanted) {
        const { bytesRead } = await file.read(next, filled, wanted - filled, at + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      window = next.subarray(0, filled);
      start = at;
    }
    return window.subarray(at - start, at - start + length);
  };
}
