/**
 * What an encoded update's file is made of: the model's tensors under the same names and in the same order. A tensor
 * that is encoded lies there as bytes (U8), its blocks one after the other; the others as they are.
 */
import type { UpdateEncoding } from '../../contracts/encoding.ts';
import type { TensorSchema } from '../../contracts/tensor-schema.ts';
import { CONTROL_PREFIX } from '../../domain/strategies/fold-plan.ts';
import { elementBytes, isFloat } from '../dtypes.ts';
import { type TensorPlace, tensorBytes, tensorPlaces } from '../schema.ts';
import { type BlockCodec, bytesOfElements } from './block-codec.ts';
import { blockCodec } from './choose-codec.ts';

type Tensor = TensorSchema[number];

/** One tensor in the model's file and in the encoded update's. */
export interface EncodedTensor {
  readonly model: TensorPlace;
  readonly sent: TensorPlace;
  /** Undefined where it travels as it is. */
  readonly codec: BlockCodec | undefined;
}

/** The schema of the encoded update. */
export function encodedSchema(schema: TensorSchema, encoding: UpdateEncoding): TensorSchema {
  const codec = blockCodec(encoding);
  return schema.map((tensor) => {
    if (!isEncoded(tensor, codec)) return tensor;
    return { name: tensor.name, dtype: 'U8', shape: [bytesOfElements(codec, elementsOf(tensor))] };
  });
}

/** Where every tensor lies, in order. */
export function encodedTensors(schema: TensorSchema, encoding: UpdateEncoding): EncodedTensor[] {
  const codec = blockCodec(encoding);
  const sent = tensorPlaces(encodedSchema(schema, encoding));
  return tensorPlaces(schema).map((model, i) => {
    const [tensor, place] = [schema[i], sent[i]];
    if (tensor === undefined || place === undefined) throw new Error('an encoding keeps every tensor');
    return { model, sent: place, codec: isEncoded(tensor, codec) ? codec : undefined };
  });
}

/** Floats that strategies see, where encoding makes them smaller: control variates need every bit that they have. */
function isEncoded(tensor: Tensor, codec: BlockCodec): boolean {
  if (!isFloat(tensor.dtype) || tensor.name.startsWith(CONTROL_PREFIX)) return false;
  return bytesOfElements(codec, elementsOf(tensor)) < tensorBytes(tensor);
}

function elementsOf(tensor: Tensor): number {
  return tensorBytes(tensor) / elementBytes(tensor.dtype);
}
