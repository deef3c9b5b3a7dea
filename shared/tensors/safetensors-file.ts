import { type FileHandle, open } from 'node:fs/promises';
import { type Refusal, refuse } from '../contracts/refusals.ts';
import type { TensorSchema } from '../contracts/tensor-schema.ts';
import type { ReadRange } from './read-range.ts';
import { headerSize, parseSafetensorsHeader } from './safetensors.ts';
import { tensorBytes } from './schema.ts';

/** Headers of local files may carry metadata of any sort, so more is allowed than a stranger gets. */
const MAX_LOCAL_HEADER_BYTES = 8 * 2 ** 20;

/** A safetensors file by any writer, read tensor by tensor. */
export interface SafetensorsFile {
  readonly ok: true;
  readonly schema: TensorSchema;
  readonly metadata: Readonly<Record<string, string>>;
  /** `length` bytes of a tensor's elements from byte `offset` of the tensor. */
  readTensor(name: string, offset: number, length: number): Promise<Buffer>;
  /** Bytes of the file as it is. */
  read: ReadRange;
  close(): Promise<void>;
}

/** Opens a file; a malformed header is a refusal, a missing file throws. Close what was opened. */
export async function readSafetensorsFile(path: string): Promise<SafetensorsFile | Refusal<'tensor-header'>> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const limits = { totalBytes: size, maxHeaderBytes: MAX_LOCAL_HEADER_BYTES };
    if (size < 8) {
      await handle.close();
      return refuse('tensor-header', 'The file is too short for a safetensors length word.');
    }
    const claimed = headerSize(await readExactly(handle, 0, 8), limits);
    const header = claimed.ok
      ? parseSafetensorsHeader(await readExactly(handle, 0, claimed.headerBytes), limits)
      : claimed;
    if (!header.ok) {
      await handle.close();
      return header;
    }
    const places = new Map<string, { offset: number; bytes: number }>();
    let offset = header.headerBytes;
    for (const tensor of header.schema) {
      const bytes = tensorBytes(tensor);
      places.set(tensor.name, { offset, bytes });
      offset += bytes;
    }
    return {
      ok: true,
      schema: header.schema,
      metadata: header.metadata,
      async readTensor(name, from, length) {
        const place = places.get(name);
        if (!place || from < 0 || length < 0 || from + length > place.bytes) {
          throw new RangeError(
            `The file has no bytes ${from} to ${from + length} of ${JSON.stringify(name)}.`,
          );
        }
        return readExactly(handle, place.offset + from, length);
      },
      read: (from, length) => readExactly(handle, from, length),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readExactly(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) throw new RangeError(`The file ends before byte ${offset + length}.`);
    filled += bytesRead;
  }
  return buffer;
}
