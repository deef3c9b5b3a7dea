import { SqlError } from './sql-error.ts';
import type { SqlFunction } from './sql-function.ts';
import { canonicalText, isObject, type JsonValue, type SqlValue, valuesEqual } from './values.ts';

/** Elements that one expression may produce. */
const MAX_ELEMENTS = 1_000_000;

export const ARRAY_FUNCTIONS: Readonly<Record<string, SqlFunction>> = {
  ARRAY_CONCAT: {
    min: 2,
    max: Number.POSITIVE_INFINITY,
    apply(args) {
      const arrays = args.filter((arg) => Array.isArray(arg));
      if (arrays.length < args.length) return undefined;
      const length = arrays.reduce((sum, array) => sum + array.length, 0);
      if (length > MAX_ELEMENTS) throw new SqlError('The query produces an array that is too long.');
      return arrays.flat(1);
    },
  },
  ARRAY_CONTAINS: {
    min: 2,
    max: 3,
    apply([array, wanted, partial]) {
      if (!Array.isArray(array)) return undefined;
      const matches = partial === true ? partlyEqual : valuesEqual;
      return wanted !== undefined && array.some((element) => matches(element, wanted));
    },
  },
  ARRAY_CONTAINS_ALL: containing((wanted, has) => wanted.every(has)),
  ARRAY_CONTAINS_ANY: containing((wanted, has) => wanted.some(has)),
  ARRAY_LENGTH: { min: 1, max: 1, apply: ([array]) => (Array.isArray(array) ? array.length : undefined) },
  ARRAY_SLICE: {
    min: 2,
    max: 3,
    apply([array, start, count]) {
      if (!Array.isArray(array) || typeof start !== 'number') return undefined;
      if (count !== undefined && typeof count !== 'number') return undefined;
      const from = start < 0 ? Math.max(0, array.length + start) : start;
      return array.slice(from, count === undefined ? undefined : from + Math.max(0, count));
    },
  },
  SETINTERSECT: ofSets((left, right) => {
    const inRight = new Set(right.map(canonicalText));
    return distinct(left).filter((element) => inRight.has(canonicalText(element)));
  }),
  SETUNION: ofSets((left, right) => distinct([...left, ...right])),
  SETDIFFERENCE: ofSets((left, right) => {
    const inRight = new Set(right.map(canonicalText));
    return distinct(left).filter((element) => !inRight.has(canonicalText(element)));
  }),
};

/** True when every member of `wanted` is in `element`, for objects; equality for all else. */
function partlyEqual(element: SqlValue, wanted: SqlValue): boolean {
  if (!isObject(element) || !isObject(wanted)) return valuesEqual(element, wanted);
  return Object.entries(wanted).every(
    ([key, value]) => Object.hasOwn(element, key) && partlyEqual(element[key], value),
  );
}

function containing(
  decide: (wanted: readonly SqlValue[], has: (value: SqlValue) => boolean) => boolean,
): SqlFunction {
  return {
    min: 2,
    max: Number.POSITIVE_INFINITY,
    apply([array, ...wanted]) {
      if (!Array.isArray(array)) return undefined;
      const present = new Set(array.map(canonicalText));
      return decide(wanted, (value) => present.has(canonicalText(value)));
    },
  };
}

function ofSets(combine: (left: JsonValue[], right: JsonValue[]) => JsonValue[]): SqlFunction {
  return {
    min: 2,
    max: 2,
    apply: ([left, right]) =>
      Array.isArray(left) && Array.isArray(right) ? combine(left, right) : undefined,
  };
}

function distinct(values: readonly JsonValue[]): JsonValue[] {
  return [...new Map(values.map((value) => [canonicalText(value), value])).values()];
}
