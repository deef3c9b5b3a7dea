/**
 * Turns documents into rows, in an order that stays meaningful from page to page while documents come and go:
 * every row carries the position from which the next page goes on.
 */
import { aggregate } from './aggregate.ts';
import { aggregatesIn, isAggregated } from './check-query.ts';
import { evaluate, makeObject, type Scope } from './evaluate.ts';
import { SqlError } from './sql-error.ts';
import type { Expression, Query } from './syntax.ts';
import { canonicalText, compareValues, type JsonObject, type JsonValue, type SqlValue } from './values.ts';

/** A document with its place in creation order; the caller gives them in ascending order. */
export interface QueryDocument {
  readonly ordinal: number;
  readonly body: JsonObject;
}

/** After which row a page starts: by creation, by sort keys and creation, or by number where rows are folded. */
export type Position =
  | { readonly kind: 'ordinal'; readonly ordinal: number }
  | { readonly kind: 'sorted'; readonly keys: readonly SqlValue[]; readonly ordinal: number }
  | { readonly kind: 'index'; readonly index: number };

export interface Row {
  readonly value: JsonValue;
  readonly position: Position;
}

export interface QueryInput {
  readonly documents: Iterable<QueryDocument>;
  readonly parameters: ReadonlyMap<string, SqlValue>;
  readonly now: number;
  readonly after?: Position | undefined;
}

/** The rows after `after`, before OFFSET, LIMIT and TOP. @throws SqlError */
export function* rowsOf(query: Query, input: QueryInput): Generator<Row> {
  const { after } = input;
  if (isAggregated(query) || query.distinct) {
    const skip = after?.kind === 'index' ? after.index + 1 : 0;
    for (const [index, value] of foldedValues(query, input).entries()) {
      if (index >= skip) yield { value, position: { kind: 'index', index } };
    }
    return;
  }
  if (query.orderBy.length > 0) yield* sortedRows(query, input);
  else yield* creationRows(query, input);
}

/** OFFSET, and the rows that LIMIT and TOP leave. @throws SqlError */
export function boundsOf(
  query: Query,
  parameters: ReadonlyMap<string, SqlValue>,
): { skip: number; most: number } {
  const scope: Scope = { item: undefined, parameters, now: 0 };
  const count = (expression: Expression | undefined, absent: number): number => {
    if (expression === undefined) return absent;
    const value = evaluate(expression, scope);
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
    throw new SqlError('TOP, OFFSET and LIMIT must be whole numbers that are not negative.');
  };
  const infinite = Number.POSITIVE_INFINITY;
  return {
    skip: count(query.offset, 0),
    most: Math.min(count(query.limit, infinite), count(query.top, infinite)),
  };
}

function* creationRows(query: Query, input: QueryInput): Generator<Row> {
  const { after } = input;
  const last = after?.kind === 'ordinal' ? after.ordinal : Number.NEGATIVE_INFINITY;
  for (const { ordinal, scope } of matches(query, input)) {
    if (ordinal <= last) continue;
    const value = select(query, scope);
    if (value !== undefined) yield { value, position: { kind: 'ordinal', ordinal } };
  }
}

interface SortedMatch extends Match {
  readonly keys: readonly SqlValue[];
}

function sortMatches(query: Query, input: QueryInput): SortedMatch[] {
  const found = Array.from(
    matches(query, input),
    (match): SortedMatch => ({
      ...match,
      keys: query.orderBy.map(({ expression }) => evaluate(expression, match.scope)),
    }),
  );
  return found.sort((left, right) => comparePositions(query, left, right));
}

function* sortedRows(query: Query, input: QueryInput): Generator<Row> {
  const { after } = input;
  let toSkip = after?.kind === 'index' ? after.index + 1 : 0;
  for (const { keys, ordinal, scope } of sortMatches(query, input)) {
    if (after?.kind === 'sorted' && comparePositions(query, { keys, ordinal }, after) <= 0) continue;
    const value = select(query, scope);
    if (value === undefined) continue;
    if (toSkip > 0) toSkip -= 1;
    else yield { value, position: { kind: 'sorted', keys, ordinal } };
  }
}

function comparePositions(
  query: Query,
  left: { keys: readonly SqlValue[]; ordinal: number },
  right: { keys: readonly SqlValue[]; ordinal: number },
): number {
  for (const [index, { descending }] of query.orderBy.entries()) {
    const order = compareValues(left.keys[index], right.keys[index]);
    if (order !== 0) return descending ? -order : order;
  }
  return left.ordinal - right.ordinal;
}

function foldedValues(query: Query, input: QueryInput): JsonValue[] {
  const values = isAggregated(query)
    ? groupsOf(query, input)
    : sortMatches(query, input).map(({ scope }) => select(query, scope));
  const defined = values.filter((value) => value !== undefined);
  if (!query.distinct) return defined;
  const unique = new Map<string, JsonValue>();
  for (const value of defined) {
    const text = canonicalText(value);
    if (!unique.has(text)) unique.set(text, value);
  }
  return [...unique.values()];
}

function groupsOf(query: Query, input: QueryInput): SqlValue[] {
  const groups = new Map<string, Scope[]>();
  // Without GROUP BY there is always one group, even of no rows: COUNT over nothing is 0.
  if (query.groupBy === undefined) groups.set('', []);
  for (const { scope } of matches(query, input)) {
    const key = (query.groupBy ?? []).map((part) => canonicalText(evaluate(part, scope))).join('\n');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [scope]);
    else group.push(scope);
  }
  const calls = selectedExpressions(query).flatMap(aggregatesIn);
  const empty: Scope = { item: undefined, parameters: input.parameters, now: input.now };
  return Array.from(groups.values(), (scopes) => {
    const aggregates = new Map<Expression, SqlValue>(
      calls.map((call) => [
        call,
        aggregate(
          call.name,
          scopes.map((scope) => evaluate(call.argument, scope)),
        ),
      ]),
    );
    return select(query, { ...(scopes[0] ?? empty), aggregates });
  });
}

interface Match {
  readonly ordinal: number;
  readonly scope: Scope;
}

function* matches(query: Query, input: QueryInput): Generator<Match> {
  const { parameters, now } = input;
  const documents = query.alias === undefined ? [{ ordinal: 0, body: undefined }] : input.documents;
  for (const { ordinal, body } of documents) {
    const scope: Scope = { item: body, parameters, now };
    if (query.where === undefined || evaluate(query.where, scope) === true) yield { ordinal, scope };
  }
}

function select(query: Query, scope: Scope): SqlValue {
  const { selection } = query;
  if (selection.kind === 'star') return scope.item;
  if (selection.kind === 'value') return evaluate(selection.expression, scope);
  return makeObject(
    selection.members.map(({ name, expression }) => [name, expression] as const),
    scope,
  );
}

function selectedExpressions(query: Query): Expression[] {
  if (query.selection.kind === 'star') return [];
  if (query.selection.kind === 'value') return [query.selection.expression];
  return query.selection.members.map(({ expression }) => expression);
}
