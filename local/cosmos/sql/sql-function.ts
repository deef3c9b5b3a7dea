import type { SqlValue } from './values.ts';

interface FunctionContext {
  /** Epoch milliseconds at the start of the query. */
  readonly now: number;
}

/** A built-in function: arguments of a wrong type give undefined, as everywhere in this dialect. */
export interface SqlFunction {
  readonly min: number;
  readonly max: number;
  apply(args: readonly SqlValue[], context: FunctionContext): SqlValue;
}

/** A function over exactly `count` numbers. */
export function ofNumbers(count: number, compute: (...numbers: number[]) => SqlValue): SqlFunction {
  return {
    min: count,
    max: count,
    apply(args) {
      const numbers = args.filter((arg) => typeof arg === 'number');
      return numbers.length === args.length ? finite(compute(...numbers)) : undefined;
    },
  };
}

/** A function over `min` to `max` strings. */
export function ofStrings(
  min: number,
  max: number,
  compute: (...texts: readonly string[]) => SqlValue,
): SqlFunction {
  return {
    min,
    max,
    apply(args) {
      const texts = args.filter((arg) => typeof arg === 'string');
      return texts.length === args.length ? compute(...texts) : undefined;
    },
  };
}

/** JSON has no infinity and no NaN. */
export function finite(value: SqlValue): SqlValue {
  return typeof value === 'number' && !Number.isFinite(value) ? undefined : value;
}
