import { describe, expect, it } from 'vitest';
import { parseQuery } from '../../../local/cosmos/sql/parse-query.ts';
import { rowsOf } from '../../../local/cosmos/sql/run-query.ts';
import { SqlError, SqlUnsupported } from '../../../local/cosmos/sql/sql-error.ts';
import { EXPRESSIONS, ITEM, NOTHING, NOW } from '../../conformance/cosmos/expressions.ts';

function valueOf(expression: string, parameters: Record<string, unknown> = {}): unknown {
  const rows = rowsOf(parseQuery(`SELECT VALUE ${expression} FROM c`), {
    documents: [{ ordinal: 1, body: structuredClone(ITEM) }],
    parameters: new Map(Object.entries(parameters)) as never,
    now: NOW,
  });
  const [row] = [...rows];
  return row === undefined ? NOTHING : row.value;
}

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
