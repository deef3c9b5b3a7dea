import type { UpdateEncoding } from '../../contracts/encoding.ts';
import type { TensorSchema } from '../../contracts/tensor-schema.ts';
import { checkTensors, type TensorCheck } from '../check-tensors.ts';
import { encodeFloats } from '../codec.ts';
import { elementBytes } from '../dtypes.ts';
import { type EncodedTensor, encodedTensors } from './encoded-schema.ts';

/**
 * Checks the data of an encoded update of a model with `schema` as it streams by: what is decoded, rounded to the
 * model's dtypes, is looked at as if it had travelled so. Holds one block. After the first malformed block nothing more
 * is looked at, and the figures mean nothing.
 */
export function checkEncodedTensors(schema: TensorSchema, encoding: UpdateEncoding): TensorCheck {
  const check = checkTensors(schema);
  const tensors = encodedTensors(schema, encoding);
  const scratch = new Float64Array(Math.max(1, ...tensors.map(({ codec }) => codec?.blockElements ?? 0)));
  let malformed: string | undefined;
  let index = -1;
  let left = 0; // bytes of the present tensor
  let elements = 0; // elements of it whose blocks have not come
  let block = Buffer.alloc(0); // what has come of a block
  let held = 0; // how many bytes of it
  let wanted = 0; // and how many it has

  const nextBlock = ({ codec }: EncodedTensor): void => {
    wanted = codec === undefined ? 0 : codec.blockBytes(Math.min(codec.blockElements, elements));
    if (block.length < wanted) block = Buffer.alloc(wanted);
  };
  const take = (tensor: EncodedTensor, bytes: Uint8Array): void => {
    const { codec, model } = tensor;
    if (codec === undefined) return check.add(bytes);
    const values = scratch.subarray(0, Math.min(codec.blockElements, elements));
    elements -= values.length;
    if (codec.decode(bytes, values)) check.add(encodeFloats(model.dtype, values));
    else malformed = model.name;
    if (elements > 0) nextBlock(tensor);
  };

  return {
    add(chunk) {
      for (let at = 0; at < chunk.length && malformed === undefined; ) {
        while (left === 0) {
          const next = tensors[++index];
          if (next === undefined) throw new RangeError('More data than the schema has.');
          left = next.sent.bytes;
          elements = next.model.bytes / elementBytes(next.model.dtype);
          if (left > 0) nextBlock(next);
        }
        const tensor = tensors[index];
        if (tensor === undefined) return;
        const most = tensor.codec === undefined ? left : wanted - held;
        const part = chunk.subarray(at, at + most);
        at += part.length;
        left -= part.length;
        if (tensor.codec === undefined || part.length === wanted) {
          take(tensor, part);
          continue;
        }
        block.set(part, held);
        held += part.length;
        if (held < wanted) continue;
        held = 0;
        take(tensor, block.subarray(0, wanted));
      }
    },
    report: () => ({ ...check.report(), ...(malformed !== undefined && { malformed }) }),
  };
}
