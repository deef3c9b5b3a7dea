import { parseCall } from './parse-call.ts';
import { SqlError, SqlUnsupported } from './sql-error.ts';
import type { BinaryOperator, Expression, UnaryOperator } from './syntax.ts';
import type { TokenReader } from './token-reader.ts';

/** Nesting that the parser follows before it refuses; recursion anywhere in this folder is bounded by it. */
const MAX_NESTING = 128;

/** Binding powers of the left-associative operators, loosest first. */
const BINARY: Readonly<Record<string, { readonly power: number; readonly operator: BinaryOperator }>> = {
  '??': { power: 2, operator: '??' },
  '=': { power: 6, operator: '=' },
  '!=': { power: 6, operator: '!=' },
  '<>': { power: 6, operator: '!=' },
  '<': { power: 6, operator: '<' },
  '<=': { power: 6, operator: '<=' },
  '>': { power: 6, operator: '>' },
  '>=': { power: 6, operator: '>=' },
  '|': { power: 7, operator: '|' },
  '^': { power: 8, operator: '^' },
  '&': { power: 9, operator: '&' },
  '<<': { power: 10, operator: '<<' },
  '>>': { power: 10, operator: '>>' },
  '||': { power: 11, operator: '||' },
  '+': { power: 12, operator: '+' },
  '-': { power: 12, operator: '-' },
  '*': { power: 13, operator: '*' },
  '/': { power: 13, operator: '/' },
  '%': { power: 13, operator: '%' },
};
const CONDITIONAL = 1;
const OR = 3;
const AND = 4;
const NOT = 5;
const COMPARISON = 6;

/** Reads one scalar expression. @throws SqlError, SqlUnsupported */
export function parseExpression(reader: TokenReader, nesting = 0, loosest = 0): Expression {
  if (nesting > MAX_NESTING) throw new SqlError(`The query nests deeper than ${MAX_NESTING} levels.`);
  let left = reader.takeKeyword('NOT')
    ? unary('NOT', parseExpression(reader, nesting + 1, NOT))
    : parseUnary(reader, nesting);
  for (;;) {
    const wider = parseOperator(reader, left, nesting, loosest);
    if (wider === undefined) return left;
    left = wider;
  }
}

function parseOperator(
  reader: TokenReader,
  left: Expression,
  nesting: number,
  loosest: number,
): Expression | undefined {
  const token = reader.peek();
  if (token.kind === 'name') return parseWordOperator(reader, left, nesting, loosest);
  if (token.kind !== 'symbol') return undefined;
  if (token.text === '?' && loosest < CONDITIONAL) {
    reader.next();
    const whenTrue = parseExpression(reader, nesting + 1);
    reader.expectSymbol(':');
    return {
      kind: 'conditional',
      condition: left,
      whenTrue,
      otherwise: parseExpression(reader, nesting + 1),
    };
  }
  const binary = BINARY[token.text];
  if (binary === undefined || binary.power <= loosest) return undefined;
  reader.next();
  return {
    kind: 'binary',
    operator: binary.operator,
    left,
    right: parseExpression(reader, nesting + 1, binary.power),
  };
}

function parseWordOperator(
  reader: TokenReader,
  left: Expression,
  nesting: number,
  loosest: number,
): Expression | undefined {
  if (reader.isKeyword('AND'))
    return loosest < AND ? parseTerms(reader, left, nesting, 'and', AND) : undefined;
  if (reader.isKeyword('OR')) return loosest < OR ? parseTerms(reader, left, nesting, 'or', OR) : undefined;
  if (loosest >= COMPARISON) return undefined;
  const negated = reader.isKeyword('NOT');
  const ahead = negated ? 1 : 0;
  const found = ['IN', 'BETWEEN', 'LIKE'].find((word) => reader.isKeyword(word, ahead));
  if (found === undefined) return undefined;
  if (negated) reader.next();
  reader.next();
  const parsed = parseMembership(reader, left, nesting, found);
  return negated ? unary('NOT', parsed) : parsed;
}

function parseMembership(
  reader: TokenReader,
  operand: Expression,
  nesting: number,
  word: string,
): Expression {
  if (word === 'IN') {
    reader.expectSymbol('(');
    if (reader.isKeyword('SELECT')) throw new SqlUnsupported('A subquery');
    return { kind: 'in', operand, choices: parseList(reader, nesting, ')') };
  }
  if (word === 'BETWEEN') {
    const low = parseExpression(reader, nesting + 1, COMPARISON);
    reader.expectKeyword('AND');
    return { kind: 'between', operand, low, high: parseExpression(reader, nesting + 1, COMPARISON) };
  }
  const pattern = parseExpression(reader, nesting + 1, COMPARISON);
  const escape = reader.takeKeyword('ESCAPE') ? parseExpression(reader, nesting + 1, COMPARISON) : undefined;
  return { kind: 'like', operand, pattern, escape };
}

function parseTerms(
  reader: TokenReader,
  first: Expression,
  nesting: number,
  kind: 'and' | 'or',
  power: number,
): Expression {
  const terms = [first];
  while (reader.takeKeyword(kind.toUpperCase())) terms.push(parseExpression(reader, nesting + 1, power));
  return { kind, terms };
}

function parseUnary(reader: TokenReader, nesting: number): Expression {
  if (nesting > MAX_NESTING) throw new SqlError(`The query nests deeper than ${MAX_NESTING} levels.`);
  for (const operator of ['-', '+', '~'] as const) {
    if (reader.takeSymbol(operator)) return unary(operator, parseUnary(reader, nesting + 1));
  }
  let target = parseAtom(reader, nesting);
  for (;;) {
    if (reader.takeSymbol('.')) {
      const name = reader.next();
      if (name.kind !== 'name') reader.fail();
      target = { kind: 'property', target, key: { kind: 'literal', value: name.text } };
    } else if (reader.takeSymbol('[')) {
      target = { kind: 'property', target, key: parseExpression(reader, nesting + 1) };
      reader.expectSymbol(']');
    } else return target;
  }
}

function parseAtom(reader: TokenReader, nesting: number): Expression {
  const token = reader.peek();
  switch (token.kind) {
    case 'number':
      reader.next();
      return { kind: 'literal', value: Number(token.text) };
    case 'string':
      reader.next();
      return { kind: 'literal', value: token.text };
    case 'parameter':
      reader.next();
      return { kind: 'parameter', name: token.text };
    case 'name':
      return parseName(reader, nesting);
    case 'symbol':
      return parseBracket(reader, nesting);
    case 'end':
      return reader.fail();
  }
}

function parseBracket(reader: TokenReader, nesting: number): Expression {
  if (reader.takeSymbol('(')) {
    if (reader.isKeyword('SELECT')) throw new SqlUnsupported('A subquery');
    const inner = parseExpression(reader, nesting + 1);
    reader.expectSymbol(')');
    return inner;
  }
  if (reader.takeSymbol('[')) {
    if (reader.takeSymbol(']')) return { kind: 'array', elements: [] };
    return { kind: 'array', elements: parseList(reader, nesting, ']') };
  }
  if (!reader.takeSymbol('{')) reader.fail();
  const members: [string, Expression][] = [];
  while (!reader.takeSymbol('}')) {
    if (members.length > 0) reader.expectSymbol(',');
    const key = reader.next();
    if (key.kind !== 'name' && key.kind !== 'string') reader.fail();
    reader.expectSymbol(':');
    members.push([key.text, parseExpression(reader, nesting + 1)]);
  }
  return { kind: 'object', members };
}

const CONSTANTS: Readonly<Record<string, null | boolean | undefined>> = {
  NULL: null,
  TRUE: true,
  FALSE: false,
  UNDEFINED: undefined,
};

function parseName(reader: TokenReader, nesting: number): Expression {
  const upper = reader.peek().text.toUpperCase();
  if (Object.hasOwn(CONSTANTS, upper)) {
    reader.next();
    return { kind: 'literal', value: CONSTANTS[upper] };
  }
  if ((upper === 'EXISTS' || upper === 'ARRAY') && reader.isSymbol('(', 1)) {
    throw new SqlUnsupported(`A subquery (${upper})`);
  }
  if (upper === 'UDF' && reader.isSymbol('.', 1)) throw new SqlUnsupported('A user-defined function');
  const name = reader.expectName();
  if (!reader.takeSymbol('(')) return { kind: 'alias', name };
  if (reader.isKeyword('SELECT')) throw new SqlUnsupported('A subquery');
  return parseCall(name, reader.takeSymbol(')') ? [] : parseList(reader, nesting, ')'));
}

function parseList(reader: TokenReader, nesting: number, close: string): Expression[] {
  const items = [parseExpression(reader, nesting + 1)];
  while (reader.takeSymbol(',')) items.push(parseExpression(reader, nesting + 1));
  reader.expectSymbol(close);
  return items;
}

function unary(operator: UnaryOperator, operand: Expression): Expression {
  return { kind: 'unary', operator, operand };
}
