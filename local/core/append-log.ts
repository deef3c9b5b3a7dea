/**
 * The one durable structure under the embedded cloud: a file of records, replayed at start.
 *
 * 1. `append` resolves only after its record is written and fdatasync'ed; calls that wait together share one sync.
 * 2. Records replay in the order of the calls.
 * 3. A torn tail (a crash in mid-write) is cut off at open; it was never acknowledged. Damage before it is refused.
 * 4. A full disk refuses the records at hand and leaves the file as it was, so that appends work again later.
 * 5. After a failed sync nobody knows what is on disk: the log refuses everything until it is opened anew.
 * 6. Compaction writes a new file, syncs it, renames it over the old one and syncs the directory.
 */
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DiskFull, isOutOfSpace } from './disk-full.ts';
import { syncDirectory } from './durable-file.ts';
import type { LogCrash } from './log-crash.ts';
import { encodeFrame, MAX_RECORD_BYTES } from './log-frame.ts';
import { scanLog } from './log-scan.ts';

export { DiskFull } from './disk-full.ts';

export interface AppendLog {
  /**
   * Resolves when the record is on disk. Rejects with {@link DiskFull} when there is no room; the log stays usable.
   *
   * The state that `snapshot` shows must take the record in either before this call or in a promise continuation of
   * it with no IO in between, and replaying a record over a state that holds it already must change nothing.
   */
  append(record: Uint8Array): Promise<void>;
  /** Length of the file, acknowledged part. */
  readonly bytes: number;
  /** Waits for the records at hand, then releases the file; later appends reject. */
  close(): Promise<void>;
}

export interface AppendLogOptions {
  readonly directory: string;
  /** The file is `{name}.log` in `directory`. */
  readonly name: string;
  /** Called for every intact record, in order, before the log is handed out. */
  readonly replay: (record: Buffer) => void;
  /** Records that rebuild the present state; read to the end in one go. */
  readonly snapshot: () => Iterable<Uint8Array>;
  /** Bytes under which the log is never rewritten. Default 64 MiB. */
  readonly compactAbove?: number;
  /** False only where losing the data is fine. Default true. */
  readonly fsync?: boolean;
  /** Ends the process at points of a write, for tests of recovery. */
  readonly crash?: LogCrash;
}

interface Waiting {
  readonly record: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const BATCH_BYTES = 8 * 1024 * 1024;

export async function openAppendLog(options: AppendLogOptions): Promise<AppendLog> {
  const { directory, name, replay, snapshot, compactAbove = 64 * 1024 * 1024, fsync = true, crash } = options;
  const path = join(directory, `${name}.log`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await rm(`${path}.new`, { force: true });
  let file = await openOrCreate(path, directory);
  let bytes: number;
  try {
    bytes = await cutTornTail(file, path, replay);
  } catch (error) {
    await file.close();
    throw error;
  }

  let waiting: Waiting[] = [];
  let running: Promise<void> | undefined;
  let closed = false;
  let broken: Error | undefined;
  let compactAt = compactAbove;

  async function writeBatch(batch: readonly Waiting[]): Promise<void> {
    const frames = batch.map(({ record }) => encodeFrame(record, bytes));
    const block = frames.length === 1 && frames[0] !== undefined ? frames[0] : Buffer.concat(frames);
    try {
      crash?.('before-write')?.();
      const dieHalfway = crash?.('half-written');
      if (dieHalfway !== undefined) {
        await writeAll(file, block.subarray(0, Math.ceil(block.length / 2)), bytes);
        dieHalfway();
      }
      await writeAll(file, block, bytes);
      crash?.('written')?.();
      if (fsync) await file.datasync();
      crash?.('synced')?.();
    } catch (error) {
      if (isOutOfSpace(error)) {
        await file.truncate(bytes).catch((failure: unknown) => {
          broken = asError(failure);
        });
        throw new DiskFull(`no room on disk for ${path}`);
      }
      broken = asError(error);
      throw error;
    }
    bytes += block.length;
  }

  async function compact(): Promise<void> {
    const fresh = await open(`${path}.new`, 'w+', 0o600);
    let length = 0;
    try {
      // Read in one go: state that changes between two reads would make a snapshot of no moment at all.
      let block: Buffer[] = [];
      let pending = 0;
      for (const record of Array.from(snapshot())) {
        // The file gets its name after it is synced, so every frame can vouch for all those before it.
        const frame = encodeFrame(record, length + pending);
        block.push(frame);
        pending += frame.length;
        if (pending < BATCH_BYTES) continue;
        await writeAll(fresh, Buffer.concat(block), length);
        length += pending;
        [block, pending] = [[], 0];
      }
      await writeAll(fresh, Buffer.concat(block), length);
      length += pending;
      await fresh.datasync();
      await rename(`${path}.new`, path);
    } catch (error) {
      await fresh.close();
      await rm(`${path}.new`, { force: true });
      throw error;
    }
    const old = file;
    file = fresh;
    bytes = length;
    compactAt = Math.max(compactAbove, 2 * length);
    await old.close();
    try {
      await syncDirectory(directory);
    } catch (error) {
      // The rename may be undone by a power cut, and with it everything appended from here on.
      broken = asError(error);
    }
  }

  async function pump(): Promise<void> {
    while (waiting.length > 0) {
      const batch = takeBatch(waiting);
      waiting = waiting.slice(batch.length);
      if (broken !== undefined) {
        const reason = broken;
        for (const { reject } of batch) reject(logBroken(path, reason));
        continue;
      }
      try {
        await writeBatch(batch);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
        continue;
      }
      if (bytes > compactAt) {
        // Lets the continuations of the appends just resolved reach the state before it is snapshotted.
        await new Promise((resolve) => setImmediate(resolve));
        await compact().catch((error: unknown) => {
          // The old file is whole and goes on; try again when it has grown some more.
          compactAt = bytes + Math.max(compactAbove, 1024 * 1024) / 4;
          if (!isOutOfSpace(error)) process.emitWarning(asError(error), { detail: `compacting ${path}` });
        });
      }
    }
    running = undefined;
  }

  return {
    append(record) {
      if (closed) return Promise.reject(new Error(`${path} is closed`));
      if (record.byteLength > MAX_RECORD_BYTES) {
        return Promise.reject(new RangeError(`a record may hold at most ${MAX_RECORD_BYTES} bytes`));
      }
      return new Promise<void>((resolve, reject) => {
        waiting.push({ record, resolve, reject });
        running ??= Promise.resolve().then(pump);
      });
    },
    get bytes() {
      return bytes;
    },
    async close() {
      if (closed) return;
      closed = true;
      while (running !== undefined) await running;
      await file.close();
    },
  };
}

async function openOrCreate(path: string, directory: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const file = await open(path, 'wx+', 0o600);
  await syncDirectory(directory);
  return file;
}

async function cutTornTail(
  file: FileHandle,
  path: string,
  replay: (record: Buffer) => void,
): Promise<number> {
  const { size } = await file.stat();
  const intact = await scanLog(file, size, replay, path);
  if (intact < size) {
    await file.truncate(intact);
    await file.datasync();
  }
  return intact;
}

function takeBatch(waiting: readonly Waiting[]): Waiting[] {
  let size = 0;
  const end = waiting.findIndex(({ record }, index) => {
    size += record.byteLength;
    return index > 0 && size > BATCH_BYTES;
  });
  return end < 0 ? [...waiting] : waiting.slice(0, end);
}

async function writeAll(file: FileHandle, block: Buffer, position: number): Promise<void> {
  let done = 0;
  while (done < block.length) {
    const { bytesWritten } = await file.write(block, done, block.length - done, position + done);
    done += bytesWritten;
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function logBroken(path: string, reason: Error): Error {
  return new Error(`${path} failed to sync and must be opened anew: ${reason.message}`);
}
