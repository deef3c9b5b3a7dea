/** A kept update in the form in which it travels, and what the coordinator will find in it. */
import type { UpdateEncoding } from '../shared/contracts/encoding.ts';
import type { TensorSchema } from '../shared/contracts/tensor-schema.ts';
import { checkTensors } from '../shared/tensors/check-tensors.ts';
import { decodeFloats, encodeFloats } from '../shared/tensors/codec.ts';
import { elementBytes } from '../shared/tensors/dtypes.ts';
import { type BlockCodec, decodeBlocks, encodeBlocks } from '../shared/tensors/encoding/block-codec.ts';
import { encodedSchema, encodedTensors } from '../shared/tensors/encoding/encoded-schema.ts';
import { canonicalHeader, type TensorPlace } from '../shared/tensors/schema.ts';
import { scaledTensors } from './scaled-tensors.ts';

/** A canonical update on disk, and how it is to travel. */
export interface KeptUpdate {
  readonly file: string;
  readonly schema: TensorSchema;
  /** Undefined: as it is. */
  readonly encoding: UpdateEncoding | undefined;
}

/** The schema under which it travels. */
export function sentSchema({ schema, encoding }: Omit<KeptUpdate, 'file'>): TensorSchema {
  return encoding === undefined ? schema : encodedSchema(schema, encoding);
}

/** The bytes of the file that travels, float elements multiplied by `factor`; the header is the first chunk. */
export async function* sentUpdate(kept: KeptUpdate, factor: number): AsyncGenerator<Buffer, void, undefined> {
  const codecOf = codecs(kept);
  yield canonicalHeader(sentSchema(kept));
  for await (const { place, elements } of scaledTensors(kept.file, kept.schema, factor)) {
    const codec = codecOf(place);
    yield codec === undefined ? elements : encodeBlocks(codec, valuesOf(place, elements));
  }
}

export interface SentFigures {
  /** The first tensor that holds what the encoding has no number for. */
  readonly notFinite: string | undefined;
  /** L2 norm over the float tensors of what arrives, exactly as admission measures it. */
  readonly norm: number;
  /**
   * Over the tensors that are encoded, the L2 norm of what encoding changed over that of what it was given: 0 where
   * nothing changed.
   */
  readonly error: number;
}

export async function measureSent(kept: KeptUpdate, factor: number): Promise<SentFigures> {
  const check = checkTensors(kept.schema);
  const codecOf = codecs(kept);
  let [changed, given] = [0, 0];
  for await (const { place, elements } of scaledTensors(kept.file, kept.schema, factor)) {
    const codec = codecOf(place);
    if (codec === undefined) {
      check.add(elements);
      continue;
    }
    const values = valuesOf(place, elements);
    const decoded = new Float64Array(values.length);
    if (!decodeBlocks(codec, encodeBlocks(codec, values), decoded)) {
      return { notFinite: place.name, norm: Number.POSITIVE_INFINITY, error: 1 };
    }
    const arrived = encodeFloats(place.dtype, decoded);
    check.add(arrived);
    decodeFloats(place.dtype, arrived, decoded, 0);
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? 0;
      const difference = (decoded[i] ?? 0) - value;
      given += value * value;
      changed += difference * difference;
    }
  }
  const { notFinite, norm } = check.report();
  return { notFinite, norm, error: given === 0 ? 0 : Math.sqrt(changed / given) };
}

function valuesOf({ dtype }: TensorPlace, elements: Buffer): Float64Array {
  const values = new Float64Array(elements.length / elementBytes(dtype));
  decodeFloats(dtype, elements, values, 0);
  return values;
}

function codecs({ schema, encoding }: KeptUpdate): (place: TensorPlace) => BlockCodec | undefined {
  if (encoding === undefined) return () => undefined;
  const byName = new Map(encodedTensors(schema, encoding).map(({ model, codec }) => [model.name, codec]));
  return ({ name }) => byName.get(name);
}
