import type { ReadRange } from './read-range.ts';
import { headerSize, parseSafetensorsHeader, type TensorSchema } from './safetensors.ts';

/** Largest JSON header of a model of our own: 100 MB, as the reference implementation allows. */
const maxHeaderBytes = 100_000_000;

/** Reads the tensors' names, dtypes and shapes from the head of a model of `totalBytes` bytes. */
export async function readModelSchema(read: ReadRange, totalBytes: number): Promise<TensorSchema> {
  const limits = { totalBytes, maxHeaderBytes };
  const size = headerSize(await read(0, 8), limits);
  if (!size.ok) throw new Error(size.detail);
  const header = parseSafetensorsHeader(await read(0, size.headerBytes), limits);
  if (!header.ok) throw new Error(header.detail);
  return header.schema;
}
