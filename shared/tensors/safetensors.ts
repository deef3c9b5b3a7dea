/**
 * Reads a safetensors header as a stranger's: nothing is allocated by what the header claims, and every rule of
 * the format is checked before a byte of data is touched.
 *
 * 1. The length word is judged before the header is read.
 * 2. Every tensor's extent is computed in BigInt and must equal its byte range.
 * 3. Ranges follow each other from 0 without hole or overlap and end where the file ends.
 */
import { type Refusal, refuse } from '../contracts/refusals.ts';
import { parseStrictMembers, StrictJsonError } from '../contracts/strict-json.ts';
import {
  type Dtype,
  dtype as dtypeSchema,
  TENSOR_LIMITS,
  type TensorSchema,
  type TensorSpec,
  tensorSpec,
} from '../contracts/tensor-schema.ts';
import { elementBytes } from './dtypes.ts';
import { canonicalHeader, tensorBytes } from './schema.ts';

export type { TensorSchema } from '../contracts/tensor-schema.ts';
export { canonicalHeader, plaintextLength, schemaDigest } from './schema.ts';

/** Largest JSON header from a stranger, and the allowance per tensor where their number is known. */
const MAX_HEADER_BYTES = 2 ** 20;
const HEADER_BYTES_PER_TENSOR = 1_024;

export interface HeaderLimits {
  /** Length of the whole file, which the tensors must fill. */
  readonly totalBytes: number;
  /** How many tensors are expected, where that is known: it bounds the header's size. */
  readonly expectedTensors?: number;
  /** Replaces the bound on the JSON header, for files of one's own. */
  readonly maxHeaderBytes?: number;
}

export interface ParsedHeader {
  readonly ok: true;
  /** Ordered by offset. */
  readonly schema: TensorSchema;
  /** Length word and JSON: where the data begins. */
  readonly headerBytes: number;
  readonly metadata: Readonly<Record<string, string>>;
}

type HeaderRefusal = Refusal<'tensor-header'>;
const refuseHeader = (detail: string): HeaderRefusal => refuse('tensor-header', detail);

/** Judges the 8-byte length word: how many bytes the header takes in all, before any of them is fetched. */
export function headerSize(
  prefix: Uint8Array,
  limits: HeaderLimits,
): { ok: true; headerBytes: number } | HeaderRefusal {
  if (prefix.length < 8) return refuseHeader('The file is too short for a safetensors length word.');
  const claimed = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  const allowance =
    limits.expectedTensors === undefined
      ? MAX_HEADER_BYTES
      : Math.min(MAX_HEADER_BYTES, HEADER_BYTES_PER_TENSOR * Math.max(1, limits.expectedTensors));
  const most = Math.min(limits.maxHeaderBytes ?? allowance, limits.totalBytes - 8);
  if (claimed < 2n || claimed > BigInt(most)) {
    return refuseHeader(`The length word claims a header of ${claimed} bytes; at most ${most} are possible.`);
  }
  return { ok: true, headerBytes: 8 + Number(claimed) };
}

/** Parses a header; `bytes` begins with the file and holds at least the whole header. */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  limits: HeaderLimits,
): ParsedHeader | HeaderRefusal {
  const size = headerSize(bytes, limits);
  if (!size.ok) return size;
  const { headerBytes } = size;
  if (bytes.length < headerBytes) return refuseHeader('The file ends within its header.');
  if (bytes[8] !== 0x7b) return refuseHeader('The header does not begin with an opening brace.');

  let members: [string, unknown][];
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(8, headerBytes),
    );
    members = parseStrictMembers(text, { maxDepth: 3, maxBytes: headerBytes });
  } catch (error) {
    const reason = error instanceof StrictJsonError ? error.message : 'not UTF-8';
    return refuseHeader(`The header is not strict JSON: ${reason}.`);
  }

  let metadata: Record<string, string> = {};
  const entries: Entry[] = [];
  for (const [name, value] of members) {
    if (name === '__metadata__') {
      if (!isStringRecord(value)) return refuseHeader('The metadata is not a map from text to text.');
      metadata = value;
      continue;
    }
    if (entries.length >= TENSOR_LIMITS.tensors) {
      return refuseHeader(`The header has more than ${TENSOR_LIMITS.tensors} tensors.`);
    }
    const entry = readEntry(name, value);
    if (typeof entry === 'string') return refuseHeader(`Tensor ${entries.length} ${entry}.`);
    entries.push(entry);
  }

  // Stable, so that empty tensors at one offset keep the order of the header.
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end) return refuseHeader('The tensors leave a hole or overlap.');
    end = entry.end;
  }
  if (headerBytes + end !== limits.totalBytes) {
    return refuseHeader(`The tensors end at ${headerBytes + end} of ${limits.totalBytes} bytes.`);
  }
  return { ok: true, schema: entries.map((entry) => entry.spec), headerBytes, metadata };
}

interface Entry {
  readonly spec: TensorSpec;
  readonly begin: number;
  readonly end: number;
}

/** One tensor of the header, or what is wrong with it. */
function readEntry(name: string, value: unknown): Entry | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is not an object';
  const { dtype, shape, data_offsets: range, ...rest } = value as Record<string, unknown>;
  if (Object.keys(rest).length > 0) return 'has unknown members';
  if (!dtypeSchema.safeParse(dtype).success) return 'has a dtype that is not supported';
  const spec = tensorSpec.safeParse({ name, dtype, shape });
  if (!spec.success) return `has a bad ${String(spec.error.issues[0]?.path[0] ?? 'entry')}`;
  if (!Array.isArray(range) || range.length !== 2) return 'has no byte range';
  const [begin, end] = range as unknown[];
  if (!isOffset(begin) || !isOffset(end) || begin > end) return 'has a bad byte range';
  const bytes = spec.data.shape.reduce(
    (product, extent) => product * BigInt(extent),
    BigInt(elementBytes(spec.data.dtype)),
  );
  if (bytes !== BigInt(end - begin)) return 'has a shape that does not fill its byte range';
  return { spec: spec.data, begin, end };
}

function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isStringRecord(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((member) => typeof member === 'string');
}

/** A whole file in canonical form, for small models; throws where data does not fill its shape. */
export function writeSafetensors(
  tensors: readonly { name: string; dtype: Dtype; shape: readonly number[]; data: Uint8Array }[],
): Buffer {
  const schema = tensors.map(({ name, dtype, shape }) => tensorSpec.parse({ name, dtype, shape }));
  for (const tensor of tensors) {
    if (tensor.data.length !== tensorBytes({ dtype: tensor.dtype, shape: tensor.shape })) {
      throw new RangeError(`The data of ${JSON.stringify(tensor.name)} does not fill its shape.`);
    }
  }
  return Buffer.concat([canonicalHeader(schema), ...tensors.map((tensor) => tensor.data)]);
}
