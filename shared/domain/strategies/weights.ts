import type { UpdateFigures } from './decision.ts';

export interface Weighting {
  readonly weighting: 'examples' | 'equal';
  /** Largest weight as a multiple of the median weight; null for none. */
  readonly weightCap: number | null;
}

/**
 * What each update weighs: whole numbers. The cap is the floor of `weightCap` times the median weight (the mean of the
 * two middle ones for an even number), so that a silo that claims a billion examples gets at most that share.
 */
export function weightsOf(updates: readonly UpdateFigures[], { weighting, weightCap }: Weighting): number[] {
  if (weighting === 'equal') return updates.map(() => 1);
  const reported = updates.map(({ weight }) => weight);
  if (weightCap === null) return reported;
  const cap = Math.floor(weightCap * medianOf(reported));
  return reported.map((weight) => Math.min(weight, cap));
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = Number(sorted[sorted.length >> 1]);
  const lower = Number(sorted[(sorted.length - 1) >> 1]);
  return (lower + upper) / 2;
}

export function sumOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** Element by element, of two lists of one length. */
export function times(left: readonly number[], right: readonly number[]): number[] {
  return left.map((value, i) => value * Number(right[i]));
}
