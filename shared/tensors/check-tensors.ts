/**
 * Looks at every float element of an update once, as its plaintext streams by: is all of it finite, how large is
 * it. Sums run element after element in float64, so the figures do not depend on how the stream was cut.
 */
import type { TensorSchema } from '../contracts/tensor-schema.ts';
import { decodeFloats } from './codec.ts';
import { elementBytes, isFloat } from './dtypes.ts';
import { tensorPlaces } from './schema.ts';

export interface TensorFigures {
  readonly name: string;
  /** L2 norm and largest magnitude; 0 for integer dtypes, which are counted exactly and have no norm. */
  readonly norm: number;
  readonly maxAbs: number;
}

export interface TensorReport {
  /** The first tensor whose encoding is malformed, where it is encoded. */
  readonly malformed?: string;
  /** The first tensor that holds a NaN or an infinity. */
  readonly notFinite: string | undefined;
  /** L2 norm over all float elements; infinite where it exceeds float64. */
  readonly norm: number;
  readonly maxAbs: number;
  readonly tensors: readonly TensorFigures[];
}

export interface TensorCheck {
  /** The next bytes of the data (the header is left out). */
  add(chunk: Uint8Array): void;
  /** What was found in the bytes so far. */
  report(): TensorReport;
}

/** Elements decoded at a time: small enough to stay in the processor's cache. */
const BLOCK_ELEMENTS = 8_192;

/** Checks the data of a file whose header is the canonical one of `schema`. */
export function checkTensors(schema: TensorSchema): TensorCheck {
  const places = tensorPlaces(schema);
  const squares = new Float64Array(places.length);
  const largest = new Float64Array(places.length);
  const scratch = new Float64Array(BLOCK_ELEMENTS);
  const partial = Buffer.alloc(8);
  let pending = 0; // bytes of an element that the last chunk cut in two, held in `partial`
  let index = 0;
  let left = places[0]?.bytes ?? 0;

  function look(elements: Uint8Array): void {
    const place = places[index];
    if (!place || !isFloat(place.dtype)) return;
    const step = BLOCK_ELEMENTS * elementBytes(place.dtype);
    let sum = Number(squares[index]);
    let most = Number(largest[index]);
    for (let at = 0; at < elements.length; at += step) {
      const block = elements.subarray(at, at + step);
      decodeFloats(place.dtype, block, scratch, 0);
      const count = block.length / elementBytes(place.dtype);
      for (let i = 0; i < count; i++) {
        const magnitude = Math.abs(Number(scratch[i]));
        if (magnitude > most) most = magnitude;
        sum += magnitude * magnitude;
      }
    }
    squares[index] = sum;
    largest[index] = most;
  }

  function add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      while (left === 0 && index < places.length) left = places[++index]?.bytes ?? 0;
      const place = places[index];
      if (!place) throw new RangeError('More data than the schema has.');
      const size = elementBytes(place.dtype);
      const part = chunk.subarray(at, at + Math.min(left, chunk.length - at));
      let used = part.length;
      if (pending > 0 || part.length < size) {
        used = Math.min(size - pending, part.length);
        partial.set(part.subarray(0, used), pending);
        pending += used;
        if (pending === size) {
          look(partial.subarray(0, size));
          pending = 0;
        }
      } else {
        used -= part.length % size;
        look(part.subarray(0, used));
      }
      at += used;
      left -= used;
    }
  }

  function report(): TensorReport {
    // A NaN survives in the sum and an infinity in the maximum; a sum may also overflow with finite elements.
    const bad = places.findIndex(
      (_, i) => Number.isNaN(squares[i]) || largest[i] === Number.POSITIVE_INFINITY,
    );
    return {
      notFinite: places[bad]?.name,
      norm: Math.sqrt(squares.reduce((sum, next) => sum + next, 0)),
      maxAbs: largest.reduce((most, next) => Math.max(most, next), 0),
      tensors: places.map(({ name }, i) => ({
        name,
        norm: Math.sqrt(Number(squares[i])),
        maxAbs: Number(largest[i]),
      })),
    };
  }

  return { add, report };
}
