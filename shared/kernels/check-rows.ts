/** What a caller must not ask of order statistics and distances; both implementations throw the same. */
import { MOST_ROWS } from './kernels.ts';

/** Throws `RangeError` unless there are 1 to `MOST_ROWS` rows. */
export function checkRows(rows: readonly number[]): void {
  if (rows.length === 0) throw new RangeError('There are no rows.');
  if (rows.length > MOST_ROWS) throw new RangeError(`At most ${MOST_ROWS} rows, not ${rows.length}.`);
}

/** Throws `RangeError` unless 1 to all of the rows' values are kept. */
export function checkKept(kept: number, rows: readonly number[]): void {
  if (!Number.isInteger(kept) || kept < 1 || kept > rows.length) {
    throw new RangeError(`${kept} of ${rows.length} values cannot be kept.`);
  }
}
