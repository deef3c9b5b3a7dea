export interface DigitSet {
  /** [count, 196], row by row, 0 (paper) to 1 (ink). */
  readonly images: Float32Array;
  /** [count], 0 to 9. */
  readonly labels: Uint8Array;
}
export const PIXELS: number;
export const CLASSES: number;
export function readDigits(): { train: DigitSet; test: DigitSet };
export function selectRows(set: DigitSet, rows: readonly number[]): DigitSet;
