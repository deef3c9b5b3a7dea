/** The next model: base + step, summed in float64 and rounded once more to the dtype, to nearest, ties to even. */
import type { Kernels } from '../kernels.ts';
import { eachChunk } from './decode.ts';
import type { ReferenceMemory } from './memory.ts';

export function stepAddition(memory: ReferenceMemory): Pick<Kernels, 'addStep'> {
  return {
    addStep(dtype, base, step, count, out) {
      const steps = memory.floats64(step, count);
      let finite = true;
      const put = (store: (index: number, value: number) => number): void =>
        eachChunk(memory, dtype, base, count, (values, start) => {
          for (let i = 0; i < values.length; i++) {
            const stored = store(start + i, Number(values[i]) + Number(steps[start + i]));
            finite &&= Number.isFinite(stored);
          }
        });
      switch (dtype) {
        case 'F64': {
          const results = memory.floats64(out, count);
          put((index, value) => {
            results[index] = value;
            return value;
          });
          break;
        }
        case 'F32': {
          const results = memory.floats32(out, count);
          put((index, value) => {
            results[index] = value;
            return Number(results[index]);
          });
          break;
        }
        case 'F16':
        case 'BF16': {
          const results = memory.halves(out, count);
          const encode = dtype === 'F16' ? toF16 : toBf16;
          put((index, value) => {
            const { bits, finite: inRange } = encode(value);
            results[index] = bits;
            return inRange ? value : Number.NaN;
          });
          break;
        }
      }
      return finite;
    },
  };
}

interface Encoded {
  readonly bits: number;
  readonly finite: boolean;
}

const value32 = new Float32Array(1);
const bits32 = new Uint32Array(value32.buffer);

/** IEEE 754 binary16: 10 bits of mantissa, exponents from -14. */
function toF16(value: number): Encoded {
  const rounded = roundMagnitude(value, 10, -14);
  // A float32 whose exponent is 112 too small has binary16's bits from the 14th on, subnormals too.
  value32[0] = rounded * 2 ** -112;
  return { bits: signOf(value) | (Number(bits32[0]) >>> 13), finite: rounded < 65_536 };
}

/** bfloat16: the upper half of a float32, 7 bits of mantissa. */
function toBf16(value: number): Encoded {
  const rounded = roundMagnitude(value, 7, -126);
  value32[0] = rounded;
  return { bits: signOf(value) | (Number(bits32[0]) >>> 16), finite: rounded < 2 ** 128 };
}

function signOf(value: number): number {
  return value < 0 || Object.is(value, -0) ? 0x8000 : 0;
}

/** |value| with `mantissaBits` bits of mantissa: adding 2^(52 - mantissaBits) units of that mantissa leaves no more. */
function roundMagnitude(value: number, mantissaBits: number, minExponent: number): number {
  const magnitude = Math.abs(value);
  const rounder = powerBelow(Math.max(magnitude, 2 ** minExponent)) * 2 ** (52 - mantissaBits);
  return magnitude + rounder - rounder;
}

const value64 = new Float64Array(1);
const words64 = new Uint32Array(value64.buffer);

/** The greatest power of two that is not greater, of a normal number. */
function powerBelow(value: number): number {
  value64[0] = value;
  words64[0] = 0;
  words64[1] = Number(words64[1]) & 0x7ff0_0000;
  return Number(value64[0]);
}
