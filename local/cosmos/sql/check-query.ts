import { SqlError } from './sql-error.ts';
import { childrenOf, type Expression, expressionsOf, type Query } from './syntax.ts';

/** Evaluation recurses over the tree, so its height is bounded here, where the walk itself needs no recursion. */
const MAX_HEIGHT = 256;

/** The rules that syntax alone does not catch. @throws SqlError */
export function checkQuery(query: Query): void {
  for (const expression of expressionsOf(query)) checkNames(expression, query.alias);
  if (query.selection.kind === 'star' && query.alias === undefined) {
    throw new SqlError("'SELECT *' is only valid with a FROM clause.");
  }
  const filters = [query.where, ...(query.groupBy ?? []), ...query.orderBy.map((part) => part.expression)];
  if (filters.some((part) => part !== undefined && hasAggregate(part))) {
    throw new SqlError('An aggregate function is only valid in the select list.');
  }
  for (const { expression } of query.orderBy) checkOrderPath(expression);
  if (isAggregated(query)) checkAggregated(query);
}

/** True where the query folds rows together. */
export function isAggregated(query: Query): boolean {
  return query.groupBy !== undefined || selected(query).some(hasAggregate);
}

/**
 * The official client folds partitions together only for `SELECT VALUE` of one aggregate and for GROUP BY; other
 * aggregates over all partitions would work here and fail in Azure, so they are refused here too.
 *
 * @throws SqlError
 */
export function checkAcrossPartitions(query: Query): void {
  if (query.groupBy !== undefined || !isAggregated(query)) return;
  if (query.selection.kind === 'value' && query.selection.expression.kind === 'aggregate') return;
  throw new SqlError('An aggregate over all partitions must be the only thing selected, by SELECT VALUE.');
}

/** The aggregate calls in `expression`. */
export function aggregatesIn(expression: Expression): Extract<Expression, { kind: 'aggregate' }>[] {
  if (expression.kind === 'aggregate') return [expression];
  return childrenOf(expression).flatMap(aggregatesIn);
}

function checkNames(expression: Expression, alias: string | undefined): void {
  const pending: { node: Expression; height: number; folded: boolean }[] = [
    { node: expression, height: 1, folded: false },
  ];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    const { node, height, folded } = item;
    if (height > MAX_HEIGHT) throw new SqlError(`The query nests deeper than ${MAX_HEIGHT} levels.`);
    if (node.kind === 'alias' && node.name !== alias) {
      throw new SqlError(`Identifier '${node.name}' could not be resolved.`);
    }
    if (node.kind === 'aggregate' && folded)
      throw new SqlError('An aggregate cannot be inside an aggregate.');
    for (const child of childrenOf(node)) {
      pending.push({ node: child, height: height + 1, folded: folded || node.kind === 'aggregate' });
    }
  }
}

function checkOrderPath(expression: Expression): void {
  let node = expression;
  let steps = 0;
  while (node.kind === 'property' && node.key.kind === 'literal') {
    node = node.target;
    steps += 1;
  }
  if (steps === 0 || node.kind !== 'alias') {
    throw new SqlError('An ORDER BY item expression could not be mapped to a document path.');
  }
}

function checkAggregated(query: Query): void {
  if (query.orderBy.length > 0)
    throw new SqlError('ORDER BY is not supported together with GROUP BY or aggregates.');
  if (query.selection.kind === 'star') throw new SqlError("'SELECT *' is not valid with GROUP BY.");
  const keys = new Set((query.groupBy ?? []).map((key) => JSON.stringify(key)));
  const outsideOfKeys = (node: Expression): boolean => {
    if (node.kind === 'aggregate' || keys.has(JSON.stringify(node))) return false;
    return node.kind === 'alias' || childrenOf(node).some(outsideOfKeys);
  };
  if (selected(query).some(outsideOfKeys)) {
    throw new SqlError(
      'A property is only valid in an aggregate query as an argument or as a GROUP BY expression.',
    );
  }
}

function selected(query: Query): Expression[] {
  if (query.selection.kind === 'star') return [];
  if (query.selection.kind === 'value') return [query.selection.expression];
  return query.selection.members.map(({ expression }) => expression);
}

function hasAggregate(expression: Expression): boolean {
  return aggregatesIn(expression).length > 0;
}
