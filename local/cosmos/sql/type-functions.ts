import type { SqlFunction } from './sql-function.ts';
import { isObject, type SqlValue } from './values.ts';

/** Tests of a value's type; alone among the functions they answer for undefined too. */
export const TYPE_FUNCTIONS: Readonly<Record<string, SqlFunction>> = {
  IS_DEFINED: test((value) => value !== undefined),
  IS_NULL: test((value) => value === null),
  IS_BOOL: test((value) => typeof value === 'boolean'),
  IS_NUMBER: test((value) => typeof value === 'number'),
  IS_INTEGER: test((value) => Number.isInteger(value)),
  IS_FINITE_NUMBER: test((value) => Number.isFinite(value)),
  IS_STRING: test((value) => typeof value === 'string'),
  IS_ARRAY: test((value) => Array.isArray(value)),
  IS_OBJECT: test(isObject),
  IS_PRIMITIVE: test((value) => value === null || ['boolean', 'number', 'string'].includes(typeof value)),
  IIF: { min: 3, max: 3, apply: ([condition, yes, no]) => (condition === true ? yes : no) },
};

function test(holds: (value: SqlValue) => boolean): SqlFunction {
  return { min: 1, max: 1, apply: ([value]) => holds(value) };
}
