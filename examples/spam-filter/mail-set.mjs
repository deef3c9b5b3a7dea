// A set of labelled mails as hashed features, in one binary file that loads without parsing:
//   'MAILSET1' | u32 mails, dimensions, entries, 0 | u32 offsets[mails + 1] | f32 values[entries]
//   | u16 columns[entries] | u8 labels[mails]            (little-endian; offsets point into values and columns)
import { readFileSync } from 'node:fs';
import { writeWhole } from '../shared/whole-file.mjs';

const MAGIC = 'MAILSET1';
const HEADER_BYTES = 24;

/**
 * Compressed sparse rows: mail `i` has the entries `offsets[i]` to `offsets[i + 1]`, columns ascending.
 * @typedef {object} MailSet
 * @property {number} dimensions length of a full row
 * @property {Uint32Array} offsets
 * @property {Float32Array} values
 * @property {Uint16Array} columns
 * @property {Uint8Array} labels 1 is spam
 */

/**
 * @param {readonly { row: import('./hashed-features.mjs').SparseRow, spam: boolean }[]} mails
 * @param {number} dimensions at most 65,536
 * @returns {MailSet}
 */
export function mailSetOf(mails, dimensions) {
  const entries = mails.reduce((sum, mail) => sum + mail.row.columns.length, 0);
  const offsets = new Uint32Array(mails.length + 1);
  const values = new Float32Array(entries);
  const columns = new Uint16Array(entries);
  let at = 0;
  for (const [index, { row }] of mails.entries()) {
    columns.set(row.columns, at);
    values.set(row.values, at);
    at += row.columns.length;
    offsets[index + 1] = at;
  }
  return {
    dimensions,
    offsets,
    values,
    columns,
    labels: Uint8Array.from(mails, (mail) => Number(mail.spam)),
  };
}

/**
 * All mails of several sets, in order.
 * @param {readonly MailSet[]} sets of equal dimensions
 * @returns {MailSet}
 */
export function concatenated(sets) {
  const dimensions = sets[0]?.dimensions ?? 0;
  if (sets.some((set) => set.dimensions !== dimensions)) throw new Error('mail sets differ in dimensions');
  const offsets = [0];
  for (const set of sets) {
    const start = offsets.at(-1) ?? 0;
    for (const offset of set.offsets.subarray(1)) offsets.push(start + offset);
  }
  return {
    dimensions,
    offsets: Uint32Array.from(offsets),
    values: Float32Array.from(sets.flatMap((set) => [...set.values])),
    columns: Uint16Array.from(sets.flatMap((set) => [...set.columns])),
    labels: Uint8Array.from(sets.flatMap((set) => [...set.labels])),
  };
}

/**
 * @param {string} file replaced as a whole
 * @param {MailSet} set
 */
export function writeMailSet(file, set) {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeUInt32LE(set.labels.length, 8);
  header.writeUInt32LE(set.dimensions, 12);
  header.writeUInt32LE(set.values.length, 16);
  const { offsets, values, columns, labels } = set;
  const arrays = [offsets, values, columns, labels];
  writeWhole(file, Buffer.concat([header, ...arrays.map((array) => bytesOf(array))]));
}

/**
 * @param {string} file
 * @returns {MailSet} throws when the file is not a whole mail set
 */
export function readMailSet(file) {
  const bytes = readFileSync(file);
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) {
    throw new Error(`${file} is not a mail set`);
  }
  const mails = bytes.readUInt32LE(8);
  const dimensions = bytes.readUInt32LE(12);
  const entries = bytes.readUInt32LE(16);
  if (bytes.length !== HEADER_BYTES + 4 * (mails + 1) + 6 * entries + mails)
    throw new Error(`${file} is cut short`);
  // A copy starts at 0, as typed arrays need; a small Buffer may sit anywhere inside a shared pool.
  const { buffer } = Uint8Array.from(bytes);
  const values = HEADER_BYTES + 4 * (mails + 1);
  const set = {
    dimensions,
    offsets: new Uint32Array(buffer, HEADER_BYTES, mails + 1),
    values: new Float32Array(buffer, values, entries),
    columns: new Uint16Array(buffer, values + 4 * entries, entries),
    labels: new Uint8Array(buffer, values + 6 * entries, mails),
  };
  if (set.offsets.at(-1) !== entries || set.columns.some((column) => column >= dimensions)) {
    throw new Error(`${file} is inconsistent`);
  }
  return set;
}

/** @param {Uint32Array | Float32Array | Uint16Array | Uint8Array} array */
function bytesOf(array) {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}
