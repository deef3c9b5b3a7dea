import { isWellFormed } from '../contracts/strict-json.ts';

export { parseStrictJson, StrictJsonError } from '../contracts/strict-json.ts';

/**
 * The one text of a JSON value (RFC 8785): keys in UTF-16 order, shortest numbers, no space. What is signed is
 * this text, so a value that has no JSON form is an error rather than something else quietly. Members whose value
 * is undefined are left out, as everywhere in JavaScript.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('A number that is not finite has no JSON form.');
    return JSON.stringify(value);
  }
  if (typeof value === 'string') {
    if (!isWellFormed(value)) throw new TypeError('A lone surrogate has no UTF-8 form.');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return canonicalArray(value);
  if (typeof value === 'object') return canonicalObject(value);
  throw new TypeError(`A value of type ${typeof value} has no JSON form.`);
}

function canonicalArray(items: readonly unknown[]): string {
  // Array.from also visits holes, which map would skip.
  return `[${Array.from(items, canonicalJson).join(',')}]`;
}

function canonicalObject(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError('Only plain objects have a canonical form.');
  }
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${canonicalJson(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}
