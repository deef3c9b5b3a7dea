/**
 * Content on disk: one immutable file per extent.
 *
 * 1. `write` resolves when the bytes and the name are on disk; before that the file has a name that start removes.
 * 2. An extent that nothing holds any more is removed, and only then; a reader holds what it reads, so that an
 *    overwrite or a delete never takes bytes away from a download.
 * 3. Files that no record names (a crash between content and record) are removed at start.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../core/durable-file.ts';
import { inlineContent } from './inline-extent.ts';
import { shareSync } from './shared-sync.ts';

export interface WrittenExtent {
  readonly extent: string;
  readonly length: number;
  readonly md5: Buffer;
}

export interface ExtentStore {
  /** Streams to disk in pieces of about a mebibyte. When `body` fails, nothing stays behind. */
  write(body: AsyncIterable<Buffer>): Promise<WrittenExtent>;
  read(extent: string, start: number, length: number): AsyncGenerator<Buffer>;
  hold(extents: Iterable<string>): void;
  /** Removes files that nobody holds any more, in the background. */
  release(extents: Iterable<string>): void;
  /** Removes an extent that was never held. */
  discard(extent: string): Promise<void>;
  /** Call once after replay. Gives the number of files removed. */
  removeOrphans(): Promise<number>;
  /** Waits for removals under way. */
  close(): Promise<void>;
}

const WRITE_BYTES = 1024 * 1024;
const READ_BYTES = 256 * 1024;

export async function openExtentStore(directory: string): Promise<ExtentStore> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const syncNames = shareSync(() => syncDirectory(directory));
  const holders = new Map<string, number>();
  const removals = new Set<Promise<void>>();
  let replaying = true;

  function remove(extent: string): Promise<void> {
    const removal = rm(join(directory, extent), { force: true });
    // A file that stays is an orphan, which the next start removes.
    const settled = removal.catch(() => undefined);
    removals.add(settled);
    void settled.then(() => removals.delete(settled));
    return settled;
  }

  return {
    async write(body) {
      const extent = randomUUID();
      const temporary = join(directory, `${extent}.tmp`);
      const md5 = createHash('md5');
      let length = 0;
      try {
        const file = await open(temporary, 'wx', 0o600);
        try {
          for await (const pieces of gather(body, WRITE_BYTES)) {
            for (const piece of pieces) md5.update(piece);
            length += await writeAll(file, pieces);
          }
          await file.datasync();
        } finally {
          await file.close();
        }
        await rename(temporary, join(directory, extent));
        await syncNames();
      } catch (error) {
        await rm(temporary, { force: true });
        await remove(extent);
        throw error;
      }
      return { extent, length, md5: md5.digest() };
    },

    async *read(extent, start, length) {
      const inline = inlineContent(extent);
      if (inline !== undefined) {
        yield inline.subarray(start, start + length);
        return;
      }
      const file = await open(join(directory, extent), 'r');
      try {
        for (let done = 0; done < length; ) {
          const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, length - done));
          const { bytesRead } = await file.read(buffer, 0, buffer.length, start + done);
          if (bytesRead === 0) throw new Error(`extent ${extent} is shorter than its record says`);
          done += bytesRead;
          yield buffer.subarray(0, bytesRead);
        }
      } finally {
        await file.close();
      }
    },

    hold(extents) {
      for (const extent of extents) holders.set(extent, (holders.get(extent) ?? 0) + 1);
    },

    release(extents) {
      for (const extent of extents) {
        const left = (holders.get(extent) ?? 0) - 1;
        if (left > 0) {
          holders.set(extent, left);
          continue;
        }
        holders.delete(extent);
        if (!replaying) void remove(extent);
      }
    },

    async discard(extent) {
      if (inlineContent(extent) === undefined) await remove(extent);
    },

    async removeOrphans() {
      replaying = false;
      const orphans = (await readdir(directory)).filter((name) => !holders.has(name));
      for (const name of orphans) await rm(join(directory, name), { force: true });
      if (orphans.length > 0) await syncDirectory(directory);
      return orphans.length;
    },

    async close() {
      await Promise.all(removals);
    },
  };
}

async function* gather(body: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer[]> {
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body) {
    pieces.push(piece);
    size += piece.length;
    if (size < bytes) continue;
    yield pieces;
    pieces = [];
    size = 0;
  }
  if (size > 0) yield pieces;
}

interface Writer {
  writev(pieces: Buffer[]): Promise<{ bytesWritten: number }>;
  write(piece: Buffer, offset: number, length: number): Promise<{ bytesWritten: number }>;
}

async function writeAll(file: Writer, pieces: Buffer[]): Promise<number> {
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
  let { bytesWritten: done } = await file.writev(pieces);
  if (done === total) return total;
  // A short write is rare enough to pay for with one copy.
  const rest = Buffer.concat(pieces);
  while (done < total) done += (await file.write(rest, done, total - done)).bytesWritten;
  return total;
}
