import type { UpdateEncoding } from '../../../shared/contracts/encoding.ts';
import type { BlockCodec } from '../../../shared/tensors/encoding/block-codec.ts';
import { decodeBlocks, encodeBlocks } from '../../../shared/tensors/encoding/block-codec.ts';

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
