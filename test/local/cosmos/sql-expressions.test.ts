import { describe, expect, it } from 'vitest';
import { parseQuery } from '../../../local/cosmos/sql/parse-query.ts';
import { rowsOf } from '../../../local/cosmos/sql/run-query.ts';
import { SqlError, SqlUnsupported } from '../../../local/cosmos/sql/sql-error.ts';

const NOW = Date.parse('2026-03-04T05:06:07.089Z');
const ITEM = {
  id: 'i',
  n: 5,
  t: 'Text',
  b: true,
  z: null,
  list: [1, 'a', null, { k: 1, m: 2 }],
  o: { x: { y: 7 }, 'odd key': 1, order: 'kept' },
};
const NOTHING = Symbol('undefined');

function valueOf(expression: string, parameters: Record<string, unknown> = {}): unknown {
  const rows = rowsOf(parseQuery(`SELECT VALUE ${expression} FROM c`), {
    documents: [{ ordinal: 1, body: structuredClone(ITEM) }],
    parameters: new Map(Object.entries(parameters)) as never,
    now: NOW,
  });
  const [row] = [...rows];
  return row === undefined ? NOTHING : row.value;
}

const EXPRESSIONS: readonly (readonly [string, unknown])[] = [
  // Literals, paths, constructors
  ['1', 1],
  ['-1.5e2', -150],
  ['.5', 0.5],
  ['0x1F', 31],
  ["'it\\'s'", "it's"],
  ['"a\\u0041\\n"', 'aA\n'],
  ['null', null],
  ['TRUE', true],
  ['undefined', NOTHING],
  ['c.n', 5],
  ['c.o.x.y', 7],
  ["c['o']['odd key']", 1],
  ['c.o.order', 'kept'],
  ['c.list[1]', 'a'],
  ['c.list[9]', NOTHING],
  ["c.list['0']", NOTHING],
  ['c.none', NOTHING],
  ['c.none.deeper', NOTHING],
  ['c.t.length', NOTHING],
  ['c.__proto__', NOTHING],
  ['c.constructor', NOTHING],
  ['[1, c.none, 2]', [1, 2]],
  ["{a: 1, 'b c': c.none, d: [c.n]}", { a: 1, d: [5] }],
  ['{}', {}],
  ['[]', []],
  // Arithmetic
  ['1 + 2 * 3', 7],
  ['(1 + 2) * 3', 9],
  ['7 % 3', 1],
  ['-7 % 3', -1],
  ['10 / 4', 2.5],
  ['1 / 0', NOTHING],
  ['5 - 2 - 1', 2],
  ['1 + "1"', NOTHING],
  ['1 + null', NOTHING],
  ['c.none + 1', NOTHING],
  ['- c.n', -5],
  ['- c.t', NOTHING],
  ['6 & 3', 2],
  ['6 | 3', 7],
  ['6 ^ 3', 5],
  ['~ 5', -6],
  ['1 << 4', 16],
  ['16 >> 2', 4],
  ["'a' || 'b' || 'c'", 'abc'],
  ["'a' || 1", NOTHING],
  // Equality and order
  ['1 = 1', true],
  ['1 = 1.0', true],
  ["'a' = 'A'", false],
  ['null = null', true],
  ["1 = '1'", false],
  ["1 != '1'", true],
  ['1 <> 2', true],
  ['c.t != null', true],
  ['c.none = c.none', NOTHING],
  ['c.none != 1', NOTHING],
  ['null = c.none', NOTHING],
  ['[1, 2] = [1, 2]', true],
  ['{a: 1, b: 2} = {b: 2, a: 1}', true],
  ['{a: 1} = {a: 2}', false],
  ['1 < 2', true],
  ["'a' < 'b'", true],
  ["1 < '2'", NOTHING],
  ['null < 1', NOTHING],
  ['null >= null', true],
  ['false < true', true],
  ['[1] < [2]', NOTHING],
  ['{a: 1} > {a: 0}', NOTHING],
  ['c.none > 1', NOTHING],
  // Logic
  ['true AND false', false],
  ['true AND c.none', NOTHING],
  ['false AND c.none', false],
  ['c.none AND false', false],
  ['true OR c.none', true],
  ['c.none OR true', true],
  ['false OR c.none', NOTHING],
  ['true AND 1', NOTHING],
  ['NOT false', true],
  ['NOT c.none', NOTHING],
  ['NOT 1', NOTHING],
  ['NOT 1 = 2', true],
  ['NOT true OR true', true],
  ['true OR false AND false', true],
  ['c.n > 1 ? "big" : "small"', 'big'],
  ['c.none ? 1 : 2', 2],
  ['c.none ?? "default"', 'default'],
  ['c.z ?? "default"', null],
  ['IIF(c.b, 1, 2)', 1],
  // Membership
  ['c.n IN (1, 5)', true],
  ['c.n IN (1, "5")', false],
  ['c.n NOT IN (1, 2)', true],
  ['c.none IN (1)', NOTHING],
  ['c.n BETWEEN 1 AND 5', true],
  ['c.n NOT BETWEEN 6 AND 9', true],
  ["c.n BETWEEN 'a' AND 'z'", NOTHING],
  ["c.t LIKE 'T%t'", true],
  ["c.t LIKE 't%'", false],
  ["c.t LIKE '_ex_'", true],
  ["c.t LIKE '[A-T]%'", true],
  ["c.t LIKE '[^A-T]%'", false],
  ["'50%' LIKE '50!%' ESCAPE '!'", true],
  ["'50x' LIKE '50!%' ESCAPE '!'", false],
  ["c.t NOT LIKE '%z%'", true],
  ["c.n LIKE '%'", NOTHING],
  ["'' LIKE '%%'", true],
  // Types
  ['IS_DEFINED(c.z)', true],
  ['IS_DEFINED(c.none)', false],
  ['NOT IS_DEFINED(c.none)', true],
  ['IS_NULL(c.z)', true],
  ['IS_NULL(c.none)', false],
  ['IS_NUMBER(c.n)', true],
  ['IS_INTEGER(1.5)', false],
  ['IS_STRING(c.t)', true],
  ['IS_BOOL(c.b)', true],
  ['IS_ARRAY(c.list)', true],
  ['IS_OBJECT(c.o)', true],
  ['IS_OBJECT(c.list)', false],
  ['IS_PRIMITIVE(c.z)', true],
  ['IS_PRIMITIVE(c.o)', false],
  // Strings
  ["STARTSWITH(c.t, 'Te')", true],
  ["startswith(c.t, 'te', true)", true],
  ["ENDSWITH(c.t, 'XT', true)", true],
  ["CONTAINS(c.t, 'ex')", true],
  ["CONTAINS(c.n, 'ex')", NOTHING],
  ["STRINGEQUALS(c.t, 'TEXT', true)", true],
  ['UPPER(c.t)', 'TEXT'],
  ['LOWER(c.t)', 'text'],
  ['LENGTH(c.t)', 4],
  ['LENGTH(c.n)', NOTHING],
  ["CONCAT('a', 'b', 'c')", 'abc'],
  ["CONCAT('a', c.none)", NOTHING],
  ["TRIM('  a ')", 'a'],
  ["LTRIM('  a ')", 'a '],
  ["REPLACE('banana', 'an', '-')", 'b--a'],
  ["REPLACE('abc', '', 'x')", 'abc'],
  ["SUBSTRING('hello', 1, 3)", 'ell'],
  ["LEFT('hello', 2)", 'he'],
  ["RIGHT('hello', 2)", 'lo'],
  ["RIGHT('hello', 0)", ''],
  ["INDEX_OF('hello', 'l')", 2],
  ["INDEX_OF('hello', 'l', 3)", 3],
  ["REPLICATE('ab', 3)", 'ababab'],
  ["REPLICATE('ab', 1000000000)", NOTHING],
  ["REVERSE('abc')", 'cba'],
  ['TOSTRING(1.5)', '1.5'],
  ['TOSTRING(c.o.x)', '{"y":7}'],
  ["STRINGTONUMBER(' 12.5 ')", 12.5],
  ["STRINGTONUMBER('12a')", NOTHING],
  ["STRINGTOBOOLEAN('true')", true],
  // Numbers
  ['ABS(-3)', 3],
  ['CEILING(1.2)', 2],
  ['FLOOR(-1.2)', -2],
  ['ROUND(2.5)', 3],
  ['ROUND(-2.5)', -3],
  ['TRUNC(-1.7)', -1],
  ['SQRT(9)', 3],
  ['SQRT(-1)', NOTHING],
  ['POWER(2, 10)', 1024],
  ['SIGN(-2)', -1],
  ['LOG(8, 2)', 3],
  ['LOG10(1000)', 3],
  ['ABS("1")', NOTHING],
  // Arrays
  ['ARRAY_LENGTH(c.list)', 4],
  ['ARRAY_LENGTH(c.t)', NOTHING],
  ["ARRAY_CONTAINS(c.list, 'a')", true],
  ['ARRAY_CONTAINS(c.list, {k: 1})', false],
  ['ARRAY_CONTAINS(c.list, {k: 1}, true)', true],
  ['ARRAY_CONTAINS(c.list, c.none)', false],
  ['ARRAY_CONTAINS_ANY(c.list, 9, 1)', true],
  ['ARRAY_CONTAINS_ALL(c.list, 9, 1)', false],
  ['ARRAY_SLICE(c.list, 1, 1)', ['a']],
  ['ARRAY_SLICE([1, 2, 3], -2)', [2, 3]],
  ['ARRAY_CONCAT([1], [2, 3])', [1, 2, 3]],
  ['SETUNION([1, 2], [2, 3])', [1, 2, 3]],
  ['SETINTERSECT([1, 2, 2], [2, 3])', [2]],
  // Time
  ['GETCURRENTTIMESTAMP()', NOW],
  ['GETCURRENTDATETIME()', '2026-03-04T05:06:07.0890000Z'],
  ["DATETIMEADD('hh', -1, '2026-03-04T00:30:00.0000000Z')", '2026-03-03T23:30:00.0000000Z'],
  ["DATETIMEADD('month', 1, '2026-01-31T00:00:00.0000000Z')", '2026-02-28T00:00:00.0000000Z'],
  ["DATETIMEADD('century', 1, '2026-01-31T00:00:00.0000000Z')", NOTHING],
  ["DATETIMEDIFF('day', '2026-03-01T23:00:00.0000000Z', '2026-03-02T01:00:00.0000000Z')", 1],
  ["DATETIMEDIFF('yyyy', '2025-12-31', '2026-01-01')", 1],
  ["DATETIMEPART('mm', '2026-03-04T05:06:07.0890000Z')", 3],
  ["DATETIMETOTIMESTAMP('2026-03-04T05:06:07.0890000Z')", NOW],
  ["DATETIMETOTIMESTAMP('yesterday')", NOTHING],
  ['TIMESTAMPTODATETIME(0)', '1970-01-01T00:00:00.0000000Z'],
  ['TIMESTAMPTODATETIME(1e300)', NOTHING],
];

describe('an expression', () => {
  it.each(EXPRESSIONS)('%s', (expression, expected) => {
    expect(valueOf(expression)).toEqual(expected);
  });

  it('takes parameters of any type', () => {
    expect(valueOf('@p', { '@p': { a: [1] } })).toEqual({ a: [1] });
    expect(valueOf('c[@p] = 5', { '@p': 'n' })).toBe(true);
    expect(valueOf('ARRAY_CONTAINS(@p, c.n)', { '@p': [5] })).toBe(true);
    expect(() => valueOf('@p')).toThrow(SqlError);
  });

  it('ignores comments and case of keywords', () => {
    expect(valueOf('1 -- one\n + 1')).toBe(2);
    expect(valueOf('c.n bEtWeEn 1 aNd 9')).toBe(true);
  });
});

describe('a wrong query', () => {
  it.each([
    '',
    'SELECT',
    'SELECT * FROM',
    'SELECT *',
    'SELECT * FROM c WHERE',
    'SELECT * FROM c WHERE c.a =',
    'SELECT * FROM c WHERE c.a = 1 c.b',
    'SELECT * FROM c; DROP',
    'SELECT 1 FROM c ORDER BY',
    'SELECT * FROM c ORDER BY c.a + 1',
    'SELECT * FROM c ORDER BY 1',
    'SELECT * FROM c OFFSET 1',
    'SELECT * FROM c LIMIT 1',
    'SELECT TOP -1 * FROM c',
    'SELECT TOP 1.5 * FROM c',
    'SELECT x.a FROM c',
    'SELECT c.a FROM c x',
    "SELECT 'open FROM c",
    "SELECT '\\q' FROM c",
    'SELECT #a FROM c',
    'SELECT 12ab FROM c',
    'SELECT NOSUCH(1) FROM c',
    'SELECT ABS() FROM c',
    'SELECT ABS(1, 2) FROM c',
    'SELECT c.a, c.a FROM c',
    'SELECT COUNT(1), c.a FROM c',
    'SELECT COUNT(COUNT(1)) FROM c',
    'SELECT * FROM c WHERE COUNT(1) > 1',
    'SELECT c.b FROM c GROUP BY c.a',
    'SELECT * FROM c GROUP BY c.a',
    'SELECT c.a FROM c GROUP BY c.a ORDER BY c.a',
    'SELECT {a 1} FROM c',
    'SELECT [1,] FROM c',
    'INSERT INTO c',
    'SELECT c. FROM c',
    'SELECT (1 FROM c',
  ])('is refused: %s', (text) => {
    expect(() => parseQuery(text)).toThrow(SqlError);
  });

  it.each([
    ['parentheses', `${'('.repeat(10_000)}1${')'.repeat(10_000)}`],
    ['brackets', `${'['.repeat(10_000)}1${']'.repeat(10_000)}`],
    ['objects', `${'{a:'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['negations', `${'NOT '.repeat(10_000)}true`],
    ['signs', `${'- '.repeat(10_000)}1`],
    ['sums', `1${'+1'.repeat(10_000)}`],
    ['powers', `1${'+1*1'.repeat(10_000)}`],
    ['conditionals', `${'true ? 1 : '.repeat(10_000)}1`],
    ['path steps', `c${'.a'.repeat(10_000)}`],
    ['calls', `${'ABS('.repeat(10_000)}1${')'.repeat(10_000)}`],
    ['indexes', `${'c['.repeat(10_000)}1${']'.repeat(10_000)}`],
  ])('of ten thousand %s is refused, not a crash', (_name, expression) => {
    expect(() => parseQuery(`SELECT VALUE ${expression} FROM c`)).toThrow(SqlError);
  });

  it('of ten thousand terms is no problem where terms do not nest', () => {
    expect(valueOf(`true${' AND true'.repeat(10_000)}`)).toBe(true);
    expect(valueOf(`c.n IN (${Array.from({ length: 10_000 }, (_, n) => n).join(',')})`)).toBe(true);
  });

  it.each([
    ['spaces', `SELECT${' '.repeat(250_000)}1`],
    ['comments', `SELECT ${'--\n'.repeat(80_000)}1`],
    ['digits', `SELECT ${'1'.repeat(250_000)}x`],
    ['names', `SELECT ${'a'.repeat(250_000)} FROM c`],
    ['an open string', `SELECT "${'\\\\'.repeat(100_000)}`],
  ])('with very many %s is read in one go', (_name, text) => {
    const parsed = (() => {
      try {
        return parseQuery(text);
      } catch (error) {
        return error;
      }
    })();
    expect(parsed instanceof Error ? parsed : undefined).not.toBeInstanceOf(RangeError);
  });

  it('that is longer than the service takes is refused', () => {
    expect(() => parseQuery(`SELECT * FROM c --${'x'.repeat(300_000)}`)).toThrow('too long');
  });

  it('that produces too long a text is refused', () => {
    const doubled = (text: string): string => `CONCAT(${text}, ${text})`;
    let expression = `'${'x'.repeat(1000)}'`;
    for (let level = 0; level < 6; level += 1) expression = doubled(expression);
    const long = `CONCAT(${Array.from({ length: 90 }, () => '@p').join(',')})`;
    expect(valueOf(expression)).toHaveLength(64_000);
    expect(() => valueOf(long, { '@p': 'x'.repeat(100_000) })).toThrow(SqlError);
    const spread = "REPLACE(@p, 'x', @p)";
    expect(() => valueOf(spread, { '@p': 'x'.repeat(100_000) })).toThrow(SqlError);
  });

  it('never backtracks without end in LIKE', () => {
    const text = 'a'.repeat(20_000);
    expect(valueOf('@t LIKE @p', { '@t': text, '@p': `${'%a'.repeat(50)}%b` })).toBe(false);
  });

  it('whose LIKE takes too many steps is refused', () => {
    const parameters = { '@t': 'a'.repeat(200_000), '@p': `%${'a'.repeat(100_000)}b` };
    expect(() => valueOf('@t LIKE @p', parameters)).toThrow('too many steps');
  });

  it.each([
    ['SELECT * FROM c JOIN t IN c.tags', 'JOIN'],
    ['SELECT REGEXMATCH(c.t, "a") FROM c', 'REGEXMATCH'],
    ['SELECT * FROM c.items', 'path in FROM'],
    ['SELECT * FROM c WHERE c.a IN (SELECT VALUE 1)', 'subquery'],
    ['SELECT ARRAY(SELECT 1) FROM c', 'ARRAY'],
    ['SELECT * FROM c ORDER BY RANK x', 'RANK'],
  ])('that needs what is not here names it: %s', (text, word) => {
    expect(() => parseQuery(text)).toThrow(SqlUnsupported);
    expect(() => parseQuery(text)).toThrow(word);
  });
});
