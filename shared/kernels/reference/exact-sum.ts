/** Sums of whole multiples of 2^-71, and their quotients by exact rational arithmetic. See kernels.ts for the ranges. */
import type { Kernels } from '../kernels.ts';
import { eachChunk } from './decode.ts';
import type { ReferenceMemory } from './memory.ts';

const LIMIT = 2 ** 31;
/** Adding 1.5 * 2^32 to a smaller number rounds it to a multiple of 2^-20, ties to even; 1.5 * 2^-19, of 2^-71. */
const HIGH_ROUNDER = 1.5 * 2 ** 32;
const LOW_ROUNDER = 1.5 * 2 ** -19;
const LIMB_LIMIT = 2n ** 62n;

export function exactSum(
  memory: ReferenceMemory,
): Pick<Kernels, 'accumulateExact' | 'accumulateExactFour' | 'mergeExact' | 'finishExact'> {
  const accumulateExact: Kernels['accumulateExact'] = (dtype, high, low, x, count, weight) => {
    const [highs, lows] = [memory.limbs(high, count), memory.limbs(low, count)];
    let fits = true;
    eachChunk(memory, dtype, x, count, (values, start) => {
      for (let i = 0; i < values.length && fits; i++) {
        const term = weight * Number(values[i]);
        const upper = term + HIGH_ROUNDER - HIGH_ROUNDER;
        if (!(upper >= -LIMIT && upper < LIMIT)) {
          fits = false;
          return;
        }
        const lower = term - upper + LOW_ROUNDER - LOW_ROUNDER;
        fits =
          add(highs, start + i, BigInt(upper * 2 ** 20)) && add(lows, start + i, BigInt(lower * 2 ** 71));
      }
    });
    return fits;
  };
  return {
    accumulateExact,
    accumulateExactFour: (dtype, high, low, x, count, weights) =>
      [0, 1, 2, 3].every((k) => accumulateExact(dtype, high, low, Number(x[k]), count, Number(weights[k]))),

    mergeExact(highA, lowA, highB, lowB, count) {
      const [highs, lows] = [memory.limbs(highA, count), memory.limbs(lowA, count)];
      const [otherHighs, otherLows] = [memory.limbs(highB, count), memory.limbs(lowB, count)];
      for (let i = 0; i < count; i++) {
        if (!add(highs, i, otherHighs[i] as bigint) || !add(lows, i, otherLows[i] as bigint)) return false;
      }
      return true;
    },

    finishExact(acc, high, low, count, divisor) {
      const [highs, lows] = [memory.limbs(high, count), memory.limbs(low, count)];
      const quotients = memory.floats64(acc, count);
      const { mantissa, exponent } = wholeMantissa(divisor);
      for (let i = 0; i < count; i++) {
        const steps = ((highs[i] as bigint) << 51n) + (lows[i] as bigint);
        quotients[i] = roundedQuotient(steps, mantissa, -71 - exponent);
      }
    },
  };
}

function add(limbs: BigInt64Array, index: number, term: bigint): boolean {
  const sum = (limbs[index] as bigint) + term;
  limbs[index] = sum;
  return sum >= -LIMB_LIMIT && sum < LIMB_LIMIT;
}

/** `value` = mantissa * 2^exponent with a whole mantissa. */
function wholeMantissa(value: number): { mantissa: bigint; exponent: number } {
  const exponent = Math.floor(Math.log2(value)) - 54;
  return { mantissa: BigInt(value * 2 ** -exponent), exponent };
}

/** The float64 nearest to numerator / denominator * 2^exponent, ties to even; the result must be a normal number. */
function roundedQuotient(numerator: bigint, denominator: bigint, exponent: number): number {
  if (numerator === 0n) return 0;
  const magnitude = numerator < 0n ? -numerator : numerator;
  // At least 55 bits of quotient and one that says whether anything is left: Number() then rounds as the whole would.
  const shift = 58 + lengthOf(denominator) - lengthOf(magnitude);
  const [dividend, divisor] =
    shift > 0 ? [magnitude << BigInt(shift), denominator] : [magnitude, denominator << BigInt(-shift)];
  const quotient = dividend / divisor;
  const rest = quotient * divisor === dividend ? 0n : 1n;
  const value = Number(quotient | rest) * 2 ** (exponent - shift);
  return numerator < 0n ? -value : value;
}

/** Length in bits, or one more. */
function lengthOf(value: bigint): number {
  return Math.floor(Math.log2(Number(value))) + 1;
}
