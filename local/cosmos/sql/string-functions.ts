import { SqlError } from './sql-error.ts';
import { ofStrings, type SqlFunction } from './sql-function.ts';
import type { SqlValue } from './values.ts';

/** Characters that one expression may produce: a query must not be able to exhaust the process. */
const MAX_TEXT = 4 * 1024 * 1024;
const MAX_REPLICATED = 10_000;

export const STRING_FUNCTIONS: Readonly<Record<string, SqlFunction>> = {
  CONCAT: ofStrings(2, Number.POSITIVE_INFINITY, (...texts) => joinTexts(texts)),
  CONTAINS: comparing((text, part) => text.includes(part)),
  ENDSWITH: comparing((text, part) => text.endsWith(part)),
  STARTSWITH: comparing((text, part) => text.startsWith(part)),
  STRINGEQUALS: comparing((text, other) => text === other),
  INDEX_OF: {
    min: 2,
    max: 3,
    apply([text, part, from]) {
      if (typeof text !== 'string' || typeof part !== 'string') return undefined;
      if (from === undefined) return text.indexOf(part);
      return typeof from === 'number' ? text.indexOf(part, from) : undefined;
    },
  },
  LEFT: slicing((text, count) => text.slice(0, Math.max(0, count))),
  RIGHT: slicing((text, count) => (count > 0 ? text.slice(-count) : '')),
  LENGTH: ofStrings(1, 1, (text = '') => text.length),
  LOWER: ofStrings(1, 1, (text = '') => text.toLowerCase()),
  UPPER: ofStrings(1, 1, (text = '') => text.toUpperCase()),
  LTRIM: ofStrings(1, 1, (text = '') => text.trimStart()),
  RTRIM: ofStrings(1, 1, (text = '') => text.trimEnd()),
  TRIM: ofStrings(1, 1, (text = '') => text.trim()),
  REPLACE: ofStrings(3, 3, (text = '', part = '', other = '') => {
    if (part === '') return text;
    const pieces = text.split(part);
    return joinTexts(pieces.flatMap((piece, index) => (index === 0 ? [piece] : [other, piece])));
  }),
  REPLICATE: {
    min: 2,
    max: 2,
    apply([text, count]) {
      if (typeof text !== 'string' || typeof count !== 'number' || !Number.isInteger(count)) return undefined;
      if (count < 0 || text.length * count > MAX_REPLICATED) return undefined;
      return text.repeat(count);
    },
  },
  REVERSE: ofStrings(1, 1, (text = '') => Array.from(text).reverse().join('')),
  SUBSTRING: {
    min: 3,
    max: 3,
    apply([text, start, count]) {
      if (typeof text !== 'string' || typeof start !== 'number' || typeof count !== 'number')
        return undefined;
      const from = Math.max(0, Math.trunc(start));
      return text.slice(from, from + Math.max(0, Math.trunc(count)));
    },
  },
  TOSTRING: {
    min: 1,
    max: 1,
    apply: ([value]) => (value === undefined || typeof value === 'string' ? value : JSON.stringify(value)),
  },
  STRINGTONUMBER: ofStrings(1, 1, (text = '') =>
    /^\s*-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s*$/.test(text) ? Number(text) : undefined,
  ),
  STRINGTOBOOLEAN: ofStrings(1, 1, (text = '') => {
    const word = text.trim();
    return word === 'true' ? true : word === 'false' ? false : undefined;
  }),
};

/** Joins within the limit that one expression may produce. @throws SqlError */
export function joinTexts(texts: readonly string[]): string {
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  if (length > MAX_TEXT) throw new SqlError('The query produces a text that is too long.');
  return texts.join('');
}

/** Two strings and an optional flag that makes the comparison ignore case. */
function comparing(holds: (text: string, part: string) => boolean): SqlFunction {
  return {
    min: 2,
    max: 3,
    apply([text, part, ignoreCase]): SqlValue {
      if (typeof text !== 'string' || typeof part !== 'string') return undefined;
      return ignoreCase === true ? holds(text.toLowerCase(), part.toLowerCase()) : holds(text, part);
    },
  };
}

function slicing(slice: (text: string, count: number) => string): SqlFunction {
  return {
    min: 2,
    max: 2,
    apply([text, count]) {
      if (typeof text !== 'string' || typeof count !== 'number') return undefined;
      return slice(text, Math.trunc(count));
    },
  };
}
