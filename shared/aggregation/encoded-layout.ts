/**
 * Encoded updates, read by the model's columns: which bytes of the plaintext hold a column's elements, and their way
 * from segments to elements. A code block that lies in two columns is decoded for each; a segment is opened once per block
 * of columns.
 */
import type { UpdateEncoding } from '../contracts/encoding.ts';
import type { Dtype, TensorSchema } from '../contracts/tensor-schema.ts';
import { freeBuffer } from '../memory/free-buffer.ts';
import { FLSE, segmentCount } from '../sealing/floe.ts';
import { encodeFloats } from '../tensors/codec.ts';
import { elementBytes } from '../tensors/dtypes.ts';
import { type BlockCodec, bytesOfElements } from '../tensors/encoding/block-codec.ts';
import { encodedSchema, encodedTensors } from '../tensors/encoding/encoded-schema.ts';
import { plaintextLength } from '../tensors/schema.ts';
import { firstAfter } from './first-after.ts';
import type { ModelLayout, Range } from './model-layout.ts';
import { segmentOpener } from './open-columns.ts';
import type { UpdateLayout } from './update-layout.ts';

/** Neighbouring elements of one tensor. */
interface Piece {
  readonly dtype: Dtype;
  readonly codec: BlockCodec | undefined;
  /** Where they begin in the model's file, and how many bytes of it they are. */
  readonly offset: number;
  readonly bytes: number;
  /** The bytes that hold them in the update's plaintext: whole code blocks of `elements`, the first `skip` of others. */
  readonly sent: Range;
  readonly elements: number;
  readonly skip: number;
}

export function encodedLayout(
  layout: ModelLayout,
  schema: TensorSchema,
  encoding: UpdateEncoding,
): UpdateLayout {
  const tensors = encodedTensors(schema, encoding).filter(({ model }) => model.bytes > 0);
  const totalBytes = plaintextLength(encodedSchema(schema, encoding));
  const segments = segmentCount(totalBytes);
  const ciphertextBytes = FLSE.headerLength + totalBytes + FLSE.segmentOverhead * segments;
  const scratch = new Float64Array(Math.max(0, ...tensors.map(({ codec }) => codec?.blockElements ?? 0)));

  const ends = Float64Array.from(tensors, ({ model }) => model.offset + model.bytes);

  const piecesOf = ({ offset: from, bytes }: Range): Piece[] => {
    const pieces: Piece[] = [];
    for (let i = firstAfter(ends, from); i < tensors.length; i++) {
      const tensor = tensors[i];
      if (tensor === undefined || tensor.model.offset >= from + bytes) break;
      const { model, sent, codec } = tensor;
      const offset = Math.max(from, model.offset);
      const end = Math.min(from + bytes, model.offset + model.bytes);
      const here = { dtype: model.dtype, codec, offset, bytes: end - offset };
      if (codec === undefined) {
        const range = { offset: sent.offset + offset - model.offset, bytes: end - offset };
        pieces.push({ ...here, sent: range, elements: 0, skip: 0 });
        continue;
      }
      const size = elementBytes(model.dtype);
      const first = (offset - model.offset) / size;
      const skip = first % codec.blockElements;
      const past = Math.ceil((end - model.offset) / size / codec.blockElements) * codec.blockElements;
      const stop = Math.min(past, model.bytes / size);
      const begins = bytesOfElements(codec, first - skip);
      const range = { offset: sent.offset + begins, bytes: bytesOfElements(codec, stop) - begins };
      pieces.push({ ...here, sent: range, elements: stop - (first - skip), skip });
    }
    return pieces;
  };

  const rangeOf: UpdateLayout['ciphertextRange'] = ({ from, to }) => {
    const pieces = piecesOf(layout.modelRange(from, to));
    const { offset: begins = 0 } = pieces[0]?.sent ?? {};
    const { offset: last = 0, bytes = 1 } = pieces.at(-1)?.sent ?? {};
    const firstSegment = Math.floor(begins / FLSE.segmentPlaintext);
    const pastSegment = Math.ceil((last + bytes) / FLSE.segmentPlaintext);
    const offset = FLSE.headerLength + firstSegment * FLSE.segmentLength;
    const end = Math.min(FLSE.headerLength + pastSegment * FLSE.segmentLength, ciphertextBytes);
    return { firstSegment, offset, bytes: end - offset };
  };

  return {
    encoded: true,
    ciphertextRange: rangeOf,
    reader(sealed) {
      const open = segmentOpener(sealed, rangeOf(sealed.block), segments);
      const read = forwardReader(open);
      return (column, memory, slot) => {
        for (const run of column.runs) {
          for (const piece of piecesOf(run)) {
            const bytes = read(piece.sent);
            const at = slot + run.slot + piece.offset - run.offset;
            if (piece.codec === undefined) memory.set(bytes, at);
            else decodePiece(piece, piece.codec, bytes, memory.subarray(at, at + piece.bytes), scratch);
          }
        }
      };
    },
  };
}

/** Reads ranges that never begin before an earlier one, each good until the next; remembers the segments of the last. */
function forwardReader(open: (segment: number) => Buffer<ArrayBuffer>): (range: Range) => Uint8Array {
  const opened = new Map<number, Buffer<ArrayBuffer>>();
  const segmentAt = (index: number): Buffer<ArrayBuffer> => {
    const segment = opened.get(index) ?? open(index);
    opened.set(index, segment);
    return segment;
  };
  return ({ offset, bytes }) => {
    const first = Math.floor(offset / FLSE.segmentPlaintext);
    for (const [index, segment] of opened) {
      if (index >= first) continue;
      opened.delete(index);
      freeBuffer(segment);
    }
    const skip = offset - first * FLSE.segmentPlaintext;
    const whole = segmentAt(first).subarray(skip, skip + bytes);
    if (whole.length === bytes) return whole;
    const joined = new Uint8Array(bytes);
    joined.set(whole);
    for (let filled = whole.length, index = first + 1; filled < bytes; index++) {
      const part = segmentAt(index).subarray(0, bytes - filled);
      joined.set(part, filled);
      filled += part.length;
    }
    return joined;
  };
}

/** Decodes block by block, while a block's elements are in the processor's cache. */
function decodePiece(
  { dtype, elements, skip }: Piece,
  codec: BlockCodec,
  encoded: Uint8Array,
  target: Uint8Array,
  scratch: Float64Array,
): void {
  const size = elementBytes(dtype);
  let [at, filled] = [0, 0];
  for (let from = 0; from < elements; from += codec.blockElements) {
    const values = scratch.subarray(0, Math.min(codec.blockElements, elements - from));
    const bytes = codec.blockBytes(values.length);
    // Admission saw these very bytes.
    if (!codec.decode(encoded.subarray(at, at + bytes), values))
      throw new Error('an admitted update is malformed');
    at += bytes;
    const wanted = values.subarray(from === 0 ? skip : 0).subarray(0, (target.length - filled) / size);
    store(dtype, wanted, target.subarray(filled, filled + wanted.length * size));
    filled += wanted.length * size;
  }
}

/** Elements rounded to the model's dtype; `target` lies at a multiple of their size. */
function store(dtype: Dtype, values: Float64Array, target: Uint8Array): void {
  if (dtype === 'F32') new Float32Array(target.buffer, target.byteOffset, values.length).set(values);
  else target.set(encodeFloats(dtype, values));
}
