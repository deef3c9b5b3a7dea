/**
 * JSON values as queries see them. `undefined` is a value of its own (a property that is not there): it is neither
 * equal nor unequal to anything, and rows that come to it are left out.
 */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export type JsonObject = { [key: string]: JsonValue };
export type SqlValue = JsonValue | undefined;

export function isObject(value: SqlValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Position of a value's type in the order of types that ORDER BY, MIN and MAX use. */
export function typeRank(value: SqlValue): number {
  if (value === undefined) return 0;
  if (value === null) return 1;
  if (typeof value === 'boolean') return 2;
  if (typeof value === 'number') return 3;
  if (typeof value === 'string') return 4;
  return Array.isArray(value) ? 5 : 6;
}

/** Total order over all values: by type first, then within the type. */
export function compareValues(left: SqlValue, right: SqlValue): number {
  const rank = typeRank(left) - typeRank(right);
  if (rank !== 0) return rank;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return compareStrings(left, right);
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  if (Array.isArray(left) && Array.isArray(right)) return compareArrays(left, right);
  if (isObject(left) && isObject(right)) return compareObjects(left, right);
  return 0;
}

export function valuesEqual(left: SqlValue, right: SqlValue): boolean {
  return compareValues(left, right) === 0;
}

/** Text that is the same for equal values whatever the order of their keys. */
export function canonicalText(value: SqlValue): string {
  if (value === undefined) return 'undefined';
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalText(value[key])}`);
  return `{${members.join(',')}}`;
}

/** The member or element `key` of `target`, own properties only. */
export function memberOf(target: SqlValue, key: SqlValue): SqlValue {
  if (Array.isArray(target))
    return typeof key === 'number' && Number.isInteger(key) ? target[key] : undefined;
  if (!isObject(target) || typeof key !== 'string' || !Object.hasOwn(target, key)) return undefined;
  return target[key];
}

/** Sets an own property even where the key is `__proto__`. */
export function setMember(target: JsonObject, key: string, value: JsonValue): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function compareStrings(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function compareArrays(left: readonly JsonValue[], right: readonly JsonValue[]): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const order = compareValues(left[index], right[index]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareObjects(left: JsonObject, right: JsonObject): number {
  const leftKeys = Object.keys(left).sort();
  const rightKeys = Object.keys(right).sort();
  for (const [index, key] of leftKeys.entries()) {
    const other = rightKeys[index];
    if (other === undefined) return 1;
    const order = compareStrings(key, other);
    if (order !== 0) return order;
    const inner = compareValues(left[key], right[key]);
    if (inner !== 0) return inner;
  }
  return leftKeys.length - rightKeys.length;
}
