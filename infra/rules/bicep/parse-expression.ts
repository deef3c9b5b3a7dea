/**
 * Bicep expressions. Member access binds tighter than any operator: `a ? b : c.d` reads `.d` of `c` alone.
 * A newline ends an expression, except within brackets, after an operator, and before `?` and `:`.
 */
import {
  type Cursor,
  expect,
  expectName,
  is,
  isPastNewlines,
  lastEnd,
  next,
  peek,
  skipNewlines,
  take,
  unexpected,
} from './cursor.ts';
import { parseArray, parseObject } from './parse-collections.ts';
import { parseString } from './parse-string.ts';
import type { Expression } from './syntax.ts';

/** From the loosest operators to the tightest. */
const operators = [
  ['??'],
  ['||'],
  ['&&'],
  ['==', '!=', '=~', '!~'],
  ['<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/', '%'],
];

export function parseExpression(cursor: Cursor): Expression {
  const lambda = parseLambda(cursor);
  if (lambda !== undefined) return lambda;
  const condition = parseBinary(cursor, 0);
  if (!isPastNewlines(cursor, '?')) return condition;
  skipNewlines(cursor);
  expect(cursor, '?');
  skipNewlines(cursor);
  const then = parseExpression(cursor);
  skipNewlines(cursor);
  expect(cursor, ':');
  skipNewlines(cursor);
  const otherwise = parseExpression(cursor);
  return { kind: 'conditional', condition, then, otherwise, start: condition.start, end: otherwise.end };
}

/** `x => …` or `(x, y) => …`. */
function parseLambda(cursor: Cursor): Expression | undefined {
  const { start } = peek(cursor);
  const parameters: string[] = [];
  let ahead = 0;
  if (peek(cursor).kind === 'name' && is(cursor, '=>', 1)) {
    parameters.push(peek(cursor).text);
    ahead = 2;
  } else if (is(cursor, '(')) {
    ahead = 1;
    while (peek(cursor, ahead).kind === 'name') {
      parameters.push(peek(cursor, ahead).text);
      ahead += is(cursor, ',', ahead + 1) ? 2 : 1;
    }
    if (!is(cursor, ')', ahead) || !is(cursor, '=>', ahead + 1)) return undefined;
    ahead += 2;
  } else return undefined;
  cursor.at += ahead;
  skipNewlines(cursor);
  const body = parseExpression(cursor);
  return { kind: 'lambda', parameters, body, start, end: body.end };
}

function parseBinary(cursor: Cursor, level: number): Expression {
  const these = operators[level];
  if (these === undefined) return parseUnary(cursor);
  let left = parseBinary(cursor, level + 1);
  while (peek(cursor).kind === 'punctuation' && these.includes(peek(cursor).text)) {
    const operator = next(cursor).text;
    skipNewlines(cursor);
    const right = parseBinary(cursor, level + 1);
    left = { kind: 'binary', operator, left, right, start: left.start, end: right.end };
  }
  return left;
}

function parseUnary(cursor: Cursor): Expression {
  const { start, text } = peek(cursor);
  if (is(cursor, '!') || is(cursor, '-')) {
    next(cursor);
    const operand = parseUnary(cursor);
    return { kind: 'unary', operator: text === '!' ? '!' : '-', operand, start, end: operand.end };
  }
  return parseSuffixes(cursor, parsePrimary(cursor));
}

function parseSuffixes(cursor: Cursor, first: Expression): Expression {
  let of = first;
  const { start } = first;
  for (;;) {
    if (is(cursor, '.') || is(cursor, '.?')) {
      const optional = next(cursor).text === '.?';
      const name = expectName(cursor);
      const isFunction = is(cursor, '(');
      of = isFunction
        ? parseCall(cursor, name, start)
        : { kind: 'member', of, name, optional, start, end: lastEnd(cursor) };
    } else if (take(cursor, '::')) {
      of = { kind: 'nested', of, name: expectName(cursor), start, end: lastEnd(cursor) };
    } else if (is(cursor, '[') || is(cursor, '[?')) {
      const optional = next(cursor).text === '[?';
      skipNewlines(cursor);
      const index = parseExpression(cursor);
      skipNewlines(cursor);
      expect(cursor, ']');
      of = { kind: 'index', of, index, optional, start, end: lastEnd(cursor) };
    } else if (is(cursor, '!')) {
      // Asserts that a value is not null; it changes no value.
      next(cursor);
    } else return of;
  }
}

function parseCall(cursor: Cursor, name: string, start: number): Expression {
  expect(cursor, '(');
  const args: Expression[] = [];
  skipNewlines(cursor);
  while (!is(cursor, ')')) {
    args.push(parseExpression(cursor));
    skipNewlines(cursor);
    if (!take(cursor, ',')) break;
    skipNewlines(cursor);
  }
  expect(cursor, ')');
  return { kind: 'call', name, args, start, end: lastEnd(cursor) };
}

const keywords: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

function parsePrimary(cursor: Cursor): Expression {
  const token = peek(cursor);
  const { start, end } = token;
  if (token.kind === 'number') {
    next(cursor);
    return { kind: 'literal', value: Number(token.text), start, end };
  }
  if (token.kind === 'string') return parseString(cursor);
  if (token.kind === 'name') {
    next(cursor);
    const keyword = keywords.get(token.text);
    if (keyword !== undefined) return { kind: 'literal', value: keyword, start, end };
    if (is(cursor, '(')) return parseCall(cursor, token.text, start);
    return { kind: 'name', name: token.text, start, end };
  }
  if (is(cursor, '{')) return parseObject(cursor);
  if (is(cursor, '[')) return parseArray(cursor);
  if (take(cursor, '(')) {
    skipNewlines(cursor);
    const inner = parseExpression(cursor);
    skipNewlines(cursor);
    expect(cursor, ')');
    return { ...inner, start, end: lastEnd(cursor) };
  }
  throw unexpected(cursor, 'a value');
}
