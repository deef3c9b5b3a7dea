/**
 * A schema and the one safetensors header that stands for it. An update's plaintext and every published model
 * begin with exactly this header, so the bytes of a model and of all its updates line up, offset by offset.
 */
import { createHash } from 'node:crypto';
import type { Dtype, TensorSchema } from '../contracts/tensor-schema.ts';
import { elementBytes } from './dtypes.ts';

/** Where one tensor lies in a file whose header is the canonical one. */
export interface TensorPlace {
  readonly name: string;
  readonly dtype: Dtype;
  /** Offset of the first byte in the file, header included, and the length. */
  readonly offset: number;
  readonly bytes: number;
}

/** Bytes of one tensor's elements. */
export function tensorBytes(tensor: { readonly dtype: Dtype; readonly shape: readonly number[] }): number {
  return tensor.shape.reduce((product, extent) => product * extent, elementBytes(tensor.dtype));
}

/** SHA-256 (hex) of the ordered names, dtypes and shapes. */
export function schemaDigest(schema: TensorSchema): string {
  const rows = schema.map(({ name, dtype, shape }) => [name, dtype, shape]);
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex');
}

/** Length word and header: members in schema order, no spare space but the padding to a multiple of 8. */
export function canonicalHeader(schema: TensorSchema): Buffer {
  let end = 0;
  const members = schema.map((tensor) => {
    const begin = end;
    end += tensorBytes(tensor);
    const { dtype, shape } = tensor;
    return `${JSON.stringify(tensor.name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`;
  });
  const json = Buffer.from(`{${members.join(',')}}`, 'utf8');
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8), 0);
  header.set(json, 8);
  return header;
}

/** Bytes of a file in canonical form: header and all tensors. */
export function plaintextLength(schema: TensorSchema): number {
  return schema.reduce((total, tensor) => total + tensorBytes(tensor), canonicalHeader(schema).length);
}

/** Where each tensor lies, in order. */
export function tensorPlaces(schema: TensorSchema): TensorPlace[] {
  let offset = canonicalHeader(schema).length;
  return schema.map((tensor) => {
    const bytes = tensorBytes(tensor);
    const place = { name: tensor.name, dtype: tensor.dtype, offset, bytes };
    offset += bytes;
    return place;
  });
}
