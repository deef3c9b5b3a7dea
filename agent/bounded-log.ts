import { type FileHandle, open } from 'node:fs/promises';

export interface BoundedLog {
  /** Appends what still fits. Calls may overlap. */
  add(chunk: Buffer, stream: 'stdout' | 'stderr'): void;
  /** The end of what came on stderr, as text. */
  stderrTail(): string;
  close(): Promise<void>;
}

/** A trainer's output in a file of at most `maxBytes`, with the last `tailBytes` of stderr in memory. */
export async function openBoundedLog(path: string, maxBytes: number, tailBytes: number): Promise<BoundedLog> {
  const handle: FileHandle = await open(path, 'w', 0o600);
  let left = maxBytes;
  let tail: Buffer = Buffer.alloc(0);
  let last: Promise<unknown> = Promise.resolve();
  return {
    add(chunk, stream) {
      if (stream === 'stderr') tail = Buffer.concat([tail, chunk]).subarray(-tailBytes);
      if (left <= 0) return;
      const fitting = Buffer.from(chunk.subarray(0, left));
      left -= fitting.length;
      const text = left > 0 ? fitting : Buffer.concat([fitting, Buffer.from('\n(output cut here)\n')]);
      // A full disk costs log lines, not the training.
      last = last.then(() => handle.appendFile(text)).catch(() => undefined);
    },
    stderrTail: () => tail.toString('utf8').trim(),
    async close() {
      await last;
      await handle.close();
    },
  };
}
