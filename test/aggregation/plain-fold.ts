/**
 * Carries a plan out coordinate by coordinate over whole plaintexts: no blocks, no kernels, no threads, nothing of
 * the product's arithmetic. Slow, and easy to check by reading.
 */
import type { TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import type { Combination, FoldPlan, ServerStep } from '../../shared/domain/strategies/fold-plan.ts';
import { isFloat, readFloat, readInteger, widths, writeFloat, writeInteger } from './plain-elements.ts';

type Mean = Combination & { readonly kind: 'mean' };

export interface PlainState {
  readonly m?: readonly number[];
  readonly v?: readonly number[];
}

export interface PlainResult {
  readonly model: Buffer;
  /** Float32 values, one per element of float tensors that are no control variates. */
  readonly m: number[];
  readonly v: number[];
}

/** The base and all updates are whole files with the same header. */
export function plainFold(
  schema: TensorSchema,
  base: Buffer,
  updates: readonly Buffer[],
  plan: FoldPlan,
  state: PlainState = {},
): PlainResult {
  const model = Buffer.from(base);
  const [m, v]: [number[], number[]] = [[], []];
  let at = 8 + Number(base.readBigUInt64LE(0));
  for (const { name, dtype, shape } of schema) {
    const count = shape.reduce((product, extent) => product * extent, 1);
    for (let i = 0; i < count; i++, at += widths[dtype]) {
      if (!isFloat(dtype)) {
        const deltas = updates.map((update) => readInteger(dtype, update, at, true));
        writeInteger(
          dtype,
          model,
          at,
          nextInteger(dtype === 'BOOL', plan.integers, deltas, readInteger(dtype, base, at, false)),
        );
        continue;
      }
      const column = updates.map((update) => readFloat(dtype, update, at));
      const before = readFloat(dtype, base, at);
      if (name.startsWith('control/')) {
        writeFloat(dtype, model, at, before + combined(plan.control ?? plan.integers, column, false));
        continue;
      }
      const step = combined(plan.combination, column, dtype !== 'F64');
      const moved = serverMove(plan.server, step, state.m?.[m.length] ?? 0, state.v?.[v.length] ?? 0);
      m.push(Math.fround(moved.m));
      v.push(Math.fround(moved.v));
      writeFloat(dtype, model, at, before + moved.step);
    }
  }
  return { model, m, v };
}

function combined(combination: Combination, column: readonly number[], single: boolean): number {
  const scaled = (scales: readonly number[]): number[] =>
    column.map((value, i) => (single ? Math.fround(value * (scales[i] ?? 1)) : value * (scales[i] ?? 1)));
  switch (combination.kind) {
    case 'mean':
      return (
        column.reduce((sum, value, i) => {
          const coefficient = combination.coefficients[i] ?? 0;
          return coefficient === 0 ? sum : sum + coefficient * value;
        }, 0) / combination.divisor
      );
    case 'median':
      return middle(ascending(scaled(combination.scales)));
    case 'trimmed-mean': {
      const sorted = ascending(scaled(combination.scales));
      return mean(sorted.slice(combination.trim, sorted.length - combination.trim));
    }
    case 'near-median-mean': {
      const all = scaled(combination.scales);
      const sorted = ascending(combination.members.map((member) => all[member] ?? 0));
      const centre = middle(sorted);
      const nearest = sorted.toSorted((a, b) => Math.abs(a - centre) - Math.abs(b - centre) || a - b);
      return mean(ascending(nearest.slice(0, combination.keep)));
    }
    case 'module':
      throw new Error('a module folds for itself');
  }
}

function ascending(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b || Number(Object.is(b, -0)) - Number(Object.is(a, -0)));
}
function middle(sorted: readonly number[]): number {
  const upper = sorted[sorted.length >> 1] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[(sorted.length >> 1) - 1] ?? 0) + upper) * 0.5;
}
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function serverMove(
  server: ServerStep,
  s: number,
  m: number,
  v: number,
): { step: number; m: number; v: number } {
  const rate = server.learningRate;
  switch (server.kind) {
    case 'add':
      return { step: rate * s, m, v };
    case 'momentum': {
      const moved = server.momentum * m + s;
      return { step: rate * moved, m: moved, v };
    }
    default: {
      const square = s * s;
      const first = server.beta1 * m + (1 - server.beta1) * s;
      const second =
        server.kind === 'adagrad'
          ? v + square
          : server.kind === 'adam'
            ? server.beta2 * v + (1 - server.beta2) * square
            : v - (1 - server.beta2) * square * Math.sign(v - square);
      return { step: (rate * first) / (Math.sqrt(second) + server.tau), m: first, v: second };
    }
  }
}

/** Whole coefficients are summed without bound; others in float64. Rounded to a whole number, ties to even. */
function nextInteger(boolean: boolean, mean: Mean, deltas: readonly bigint[], base: bigint): bigint {
  const step = mean.coefficients.every(Number.isInteger)
    ? rounded(
        deltas.reduce((sum, delta, i) => sum + BigInt(mean.coefficients[i] ?? 0) * delta, 0n),
        mean.divisor,
      )
    : roundEven(
        deltas.reduce((sum, delta, i) => sum + (mean.coefficients[i] ?? 0) * Number(delta), 0) / mean.divisor,
      );
  const next = base + step;
  return boolean ? (next > 0n ? 1n : 0n) : next;
}

function rounded(sum: bigint, divisor: number): bigint {
  if (!Number.isInteger(divisor)) return roundEven(Number(sum) / divisor);
  const whole = BigInt(divisor);
  const magnitude = sum < 0n ? -sum : sum;
  const [quotient, twice] = [magnitude / whole, 2n * (magnitude % whole)];
  const up = twice > whole || (twice === whole && quotient % 2n === 1n);
  const result = quotient + (up ? 1n : 0n);
  return sum < 0n ? -result : result;
}

function roundEven(value: number): bigint {
  const floor = Math.floor(value);
  const rest = value - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return BigInt(up ? floor + 1 : floor);
}
