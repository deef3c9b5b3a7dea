/** Coordinate by coordinate: sort what the rows hold there, then take what is asked. */
import { checkKept, checkRows } from '../check-rows.ts';
import type { FloatDtype, Kernels } from '../kernels.ts';
import { widthOf } from '../width.ts';
import { decode } from './decode.ts';
import type { ReferenceMemory } from './memory.ts';

const CHUNK_ELEMENTS = 1_024;

/** Ascending; +0 in place of -0. */
type Sorted = Float64Array;

export function orderStatistics(
  memory: ReferenceMemory,
): Pick<Kernels, 'median' | 'trimmedMean' | 'nearMedianMean'> {
  const eachColumn = (
    { dtype, rows, count, scales }: Rows,
    acc: number,
    result: (sorted: Sorted) => number,
  ): void => {
    checkRows(rows);
    const results = memory.floats64(acc, count);
    const column = new Float64Array(rows.length);
    for (let start = 0; start < count; start += CHUNK_ELEMENTS) {
      const length = Math.min(CHUNK_ELEMENTS, count - start);
      const values = rows.map((row, k) => {
        const chunk = new Float64Array(length);
        decode(memory, dtype, row + start * widthOf(dtype), chunk);
        const scaled = times(chunk, Number(scales[k]));
        return dtype === 'F64' ? scaled : Float32Array.from(scaled);
      });
      for (let i = 0; i < length; i++) {
        for (const [k, chunk] of values.entries()) column[k] = Number(chunk[i]) + 0;
        results[start + i] = result(column.sort());
      }
    }
  };
  return {
    median: (dtype, rows, count, scales, acc) => eachColumn({ dtype, rows, count, scales }, acc, middle),
    trimmedMean(dtype, rows, count, scales, trim, acc) {
      checkKept(rows.length - 2 * trim, rows);
      eachColumn({ dtype, rows, count, scales }, acc, (sorted) =>
        mean(sorted.subarray(trim, rows.length - trim)),
      );
    },
    nearMedianMean(dtype, rows, count, scales, keep, acc) {
      checkKept(keep, rows);
      eachColumn({ dtype, rows, count, scales }, acc, (sorted) => {
        const start = nearestWindow(sorted, keep);
        return mean(sorted.subarray(start, start + keep));
      });
    },
  };
}

interface Rows {
  readonly dtype: FloatDtype;
  readonly rows: readonly number[];
  readonly count: number;
  readonly scales: readonly number[];
}

function times(values: Float64Array, scale: number): Float64Array {
  return values.map((value) => value * scale);
}

function middle(sorted: Sorted): number {
  const half = sorted.length >> 1;
  const upper = Number(sorted[half]);
  return sorted.length % 2 === 1 ? upper : (Number(sorted[half - 1]) + upper) * 0.5;
}

function mean(values: Sorted): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Where the `keep` values nearest to the median begin: they are neighbours, and a tie keeps the smaller. */
function nearestWindow(sorted: Sorted, keep: number): number {
  const median = middle(sorted);
  let start = 0;
  while (
    start + keep < sorted.length &&
    median - Number(sorted[start]) > Number(sorted[start + keep]) - median
  ) {
    start++;
  }
  return start;
}
