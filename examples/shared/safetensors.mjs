// The part of the safetensors format that this example needs: F32 tensors. The file is a little-endian u64 header
// length, a JSON header padded with spaces to a multiple of 8, then the tensors' bytes without gaps.
import { readFileSync } from 'node:fs';
import { writeWhole } from './whole-file.mjs';

/** @typedef {{ shape: readonly number[], data: Float32Array }} Tensor */

/**
 * @param {string} file
 * @returns {Map<string, Tensor>} throws when the file is not whole or has another element type
 */
export function readTensors(file) {
  const bytes = readFileSync(file);
  const start = bytes.length < 8 ? Number.POSITIVE_INFINITY : 8 + Number(bytes.readBigUInt64LE(0));
  if (start > bytes.length) throw new Error(`${file} is not a safetensors file`);
  const header = JSON.parse(bytes.toString('utf8', 8, start));
  /** @type {Map<string, Tensor>} */
  const tensors = new Map();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: offsets } = entry;
    if (dtype !== 'F32') throw new Error(`tensor ${name} is ${dtype}, this trainer reads F32 only`);
    const size =
      4 * shape.reduce((/** @type {number} */ product, /** @type {number} */ extent) => product * extent, 1);
    const [from, to] = [start + offsets[0], start + offsets[1]];
    if (to - from !== size || from < start || to > bytes.length)
      throw new Error(`tensor ${name} is cut short`);
    tensors.set(name, { shape, data: new Float32Array(Uint8Array.from(bytes.subarray(from, to)).buffer) });
  }
  return tensors;
}

/**
 * @param {string} file replaced as a whole
 * @param {ReadonlyMap<string, Tensor>} tensors written in this order
 */
export function writeTensors(file, tensors) {
  /** @type {Record<string, unknown>} */
  const entries = {};
  let at = 0;
  for (const [name, { shape, data }] of tensors) {
    entries[name] = { dtype: 'F32', shape, data_offsets: [at, at + data.byteLength] };
    at += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(entries));
  const header = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ');
  json.copy(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const buffers = [...tensors.values()].map(({ data }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  );
  writeWhole(file, Buffer.concat([length, header, ...buffers]));
}
