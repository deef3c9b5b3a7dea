import { checkQuery } from './check-query.ts';
import { parseExpression } from './parse-expression.ts';
import { SqlError, SqlUnsupported } from './sql-error.ts';
import type { Expression, Ordering, Projection, Query, Selection } from './syntax.ts';
import { readTokens, type TokenReader } from './token-reader.ts';

/** Characters; the service's own limit. */
const MAX_QUERY_LENGTH = 262_144;

/** @throws SqlError when the query is wrong, SqlUnsupported when it needs a feature that is not here. */
export function parseQuery(text: string): Query {
  if (text.length > MAX_QUERY_LENGTH) throw new SqlError('The query text is too long.');
  const reader = readTokens(text);
  const query = parseSelect(reader);
  if (reader.peek().kind !== 'end') reader.fail();
  checkQuery(query);
  return query;
}

/** Reads the filter of a conditional patch: `FROM c WHERE ...`. */
export function parseCondition(text: string): Query {
  return parseQuery(`SELECT VALUE 1 ${text}`);
}

function parseSelect(reader: TokenReader): Query {
  reader.expectKeyword('SELECT');
  const distinct = reader.takeKeyword('DISTINCT');
  const top = reader.takeKeyword('TOP') ? parseCount(reader) : undefined;
  const selection = parseSelection(reader);
  const alias = reader.takeKeyword('FROM') ? parseFrom(reader) : undefined;
  const where = reader.takeKeyword('WHERE') ? parseExpression(reader) : undefined;
  const groupBy = takeClause(reader, 'GROUP') ? parseSeries(reader, parseExpression) : undefined;
  const orderBy = takeClause(reader, 'ORDER') ? parseOrdering(reader) : [];
  let offset: Expression | undefined;
  let limit: Expression | undefined;
  if (reader.takeKeyword('OFFSET')) {
    offset = parseCount(reader);
    reader.expectKeyword('LIMIT');
    limit = parseCount(reader);
  }
  return { distinct, top, selection, alias, where, groupBy, orderBy, offset, limit };
}

function parseSelection(reader: TokenReader): Selection {
  if (reader.takeSymbol('*')) return { kind: 'star' };
  if (reader.isKeyword('VALUE') && !['.', ','].some((symbol) => reader.isSymbol(symbol, 1))) {
    reader.next();
    return { kind: 'value', expression: parseExpression(reader) };
  }
  let unnamed = 0;
  const members = parseSeries(reader, (): Projection => {
    const expression = parseExpression(reader);
    if (reader.takeKeyword('AS') || reader.isName()) return { expression, name: reader.expectName() };
    const name = naturalName(expression);
    if (name !== undefined) return { expression, name };
    unnamed += 1;
    return { expression, name: `$${unnamed}` };
  });
  const names = new Set(members.map(({ name }) => name));
  if (names.size < members.length)
    throw new SqlError('The select list uses a name twice; give one an alias.');
  return { kind: 'members', members };
}

function parseFrom(reader: TokenReader): string {
  const name = reader.expectName();
  if (reader.isKeyword('IN')) throw new SqlUnsupported('Iteration over an array in FROM');
  if (reader.isSymbol('.') || reader.isSymbol('[')) throw new SqlUnsupported('A path in FROM');
  const renamed = reader.takeKeyword('AS') || reader.isName();
  const alias = renamed ? reader.expectName() : name;
  if (reader.isKeyword('JOIN')) throw new SqlUnsupported('JOIN');
  return alias;
}

function parseOrdering(reader: TokenReader): Ordering[] {
  if (reader.isKeyword('RANK')) throw new SqlUnsupported('ORDER BY RANK');
  return parseSeries(reader, (): Ordering => {
    const expression = parseExpression(reader);
    const descending = reader.takeKeyword('DESC');
    if (!descending) reader.takeKeyword('ASC');
    return { expression, descending };
  });
}

/** TOP, OFFSET and LIMIT take a number or a parameter. */
function parseCount(reader: TokenReader): Expression {
  const token = reader.next();
  if (token.kind === 'parameter') return { kind: 'parameter', name: token.text };
  if (token.kind !== 'number' || !/^\d+$/.test(token.text)) {
    throw new SqlError(`A count must be a whole number or a parameter, not '${token.text.slice(0, 40)}'.`);
  }
  return { kind: 'literal', value: Number(token.text) };
}

function parseSeries<T>(reader: TokenReader, parse: (reader: TokenReader) => T): T[] {
  const items = [parse(reader)];
  while (reader.takeSymbol(',')) items.push(parse(reader));
  return items;
}

function takeClause(reader: TokenReader, word: string): boolean {
  if (!reader.takeKeyword(word)) return false;
  reader.expectKeyword('BY');
  return true;
}

function naturalName(expression: Expression): string | undefined {
  if (expression.kind === 'alias') return expression.name;
  if (expression.kind !== 'property' || expression.key.kind !== 'literal') return undefined;
  return typeof expression.key.value === 'string' ? expression.key.value : undefined;
}
