import type { UpdateEncoding } from '../../../shared/contracts/encoding.ts';
import type { TensorSchema } from '../../../shared/contracts/tensor-schema.ts';
import { decodeFloats, encodeFloats } from '../../../shared/tensors/codec.ts';
import { elementBytes } from '../../../shared/tensors/dtypes.ts';
import type { BlockCodec } from '../../../shared/tensors/encoding/block-codec.ts';
import { decodeBlocks, encodeBlocks } from '../../../shared/tensors/encoding/block-codec.ts';
import { encodedSchema, encodedTensors } from '../../../shared/tensors/encoding/encoded-schema.ts';
import { canonicalHeader } from '../../../shared/tensors/schema.ts';

export const ENCODINGS: readonly (UpdateEncoding & { name: string })[] = [
  { name: 'f16', kind: 'f16' },
  { name: 'bf16', kind: 'bf16' },
  { name: 'int8', kind: 'int8' },
  { name: 'top 1 %', kind: 'top-k', fraction: 0.01 },
  { name: 'top 2/3', kind: 'top-k', fraction: 2 / 3 },
];

/** What arrives of values; undefined where it does not decode. */
export function sent(codec: BlockCodec, values: readonly number[]): number[] | undefined {
  const decoded = new Float64Array(values.length);
  const encoded = encodeBlocks(codec, Float64Array.from(values));
  return decodeBlocks(codec, encoded, decoded) ? [...decoded] : undefined;
}

/** An update in the model's form, encoded; and what arrives of it, again in the model's form. */
export function travel(schema: TensorSchema, update: Buffer, encoding: UpdateEncoding) {
  const [sent, arrived] = [[canonicalHeader(encodedSchema(schema, encoding))], [canonicalHeader(schema)]];
  for (const { model: place, codec } of encodedTensors(schema, encoding)) {
    const bytes = update.subarray(place.offset, place.offset + place.bytes);
    const values = new Float64Array(place.bytes / elementBytes(place.dtype));
    if (codec !== undefined) decodeFloats(place.dtype, bytes, values, 0);
    const encoded = codec === undefined ? bytes : encodeBlocks(codec, values);
    if (codec !== undefined && !decodeBlocks(codec, encoded, values)) throw new Error('does not decode');
    sent.push(encoded);
    arrived.push(codec === undefined ? bytes : encodeFloats(place.dtype, values));
  }
  return { sent: Buffer.concat(sent), arrived: Buffer.concat(arrived) };
}
