/**
 * Integer and boolean tensors: deltas are differences modulo 2^bits, read as signed numbers. Their mean is rounded to
 * a whole number, ties to even, and added modulo 2^bits.
 */
import type { SumMode } from '../domain/strategies/fold-plan.ts';
import { addIntegers } from '../tensors/arithmetic.ts';
import { decodeDeltas } from '../tensors/codec.ts';
import type { Run } from './model-layout.ts';

/** Sums of one run, kept for as long as rows arrive. */
export interface IntegerMean {
  add(row: Uint8Array, coefficient: number): void;
  /** The next model's bytes. */
  finish(base: Uint8Array, divisor: number): Uint8Array;
}

/**
 * `canonical-f64/1` adds in float64, exact while sums stay below 2^53; `exact-fixed/1` adds whole products without
 * bound, so that no order can matter.
 */
export function integerMean(run: Run, mode: SumMode): IntegerMean {
  return mode === 'canonical-f64/1' ? inFloat64(run) : inBigInt(run);
}

function inFloat64(run: Run): IntegerMean {
  const sums = new Float64Array(run.count);
  const deltas = new Float64Array(run.count);
  return {
    add(row, coefficient) {
      decodeDeltas(run.dtype, row, deltas, 0);
      for (let i = 0; i < sums.length; i++) sums[i] = Number(sums[i]) + coefficient * Number(deltas[i]);
    },
    finish(base, divisor) {
      for (let i = 0; i < sums.length; i++) sums[i] = Number(sums[i]) / divisor;
      return addIntegers(run.dtype, base, sums);
    },
  };
}

function inBigInt(run: Run): IntegerMean {
  const sums = new Array<bigint>(run.count).fill(0n);
  const deltas = new Float64Array(run.count);
  return {
    add(row, coefficient) {
      const weight = BigInt(coefficient);
      decodeDeltas(run.dtype, row, deltas, 0);
      for (const [i, sum] of sums.entries()) sums[i] = sum + weight * BigInt(Number(deltas[i]));
    },
    finish(base, divisor) {
      const whole = BigInt(divisor);
      const step = Float64Array.from(sums, (sum) => Number(roundedQuotient(sum, whole)));
      return addIntegers(run.dtype, base, step);
    },
  };
}

/** The nearest whole number, ties to even. */
function roundedQuotient(sum: bigint, divisor: bigint): bigint {
  const magnitude = sum < 0n ? -sum : sum;
  const twice = 2n * (magnitude % divisor);
  let quotient = magnitude / divisor;
  if (twice > divisor || (twice === divisor && quotient % 2n === 1n)) quotient += 1n;
  return sum < 0n ? -quotient : quotient;
}
