import type { SqlValue } from './values.ts';

export type AggregateName = 'AVG' | 'COUNT' | 'MAX' | 'MIN' | 'SUM';

type ComparisonOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type NumericOperator = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>';
export type BinaryOperator = ComparisonOperator | NumericOperator | '||' | '??';
export type UnaryOperator = 'NOT' | '-' | '+' | '~';

/** A scalar expression. `and` and `or` hold all their terms, so that a long filter is not a deep tree. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: SqlValue }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'alias'; readonly name: string }
  | { readonly kind: 'property'; readonly target: Expression; readonly key: Expression }
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Expression[] }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'conditional';
      readonly condition: Expression;
      readonly whenTrue: Expression;
      readonly otherwise: Expression;
    }
  | { readonly kind: 'in'; readonly operand: Expression; readonly choices: readonly Expression[] }
  | {
      readonly kind: 'between';
      readonly operand: Expression;
      readonly low: Expression;
      readonly high: Expression;
    }
  | {
      readonly kind: 'like';
      readonly operand: Expression;
      readonly pattern: Expression;
      readonly escape: Expression | undefined;
    }
  | { readonly kind: 'array'; readonly elements: readonly Expression[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Expression])[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'aggregate'; readonly name: AggregateName; readonly argument: Expression };

export interface Projection {
  readonly expression: Expression;
  /** The key in the result object. */
  readonly name: string;
}

export type Selection =
  | { readonly kind: 'star' }
  | { readonly kind: 'value'; readonly expression: Expression }
  | { readonly kind: 'members'; readonly members: readonly Projection[] };

export interface Ordering {
  readonly expression: Expression;
  readonly descending: boolean;
}

export interface Query {
  readonly distinct: boolean;
  readonly top: Expression | undefined;
  readonly selection: Selection;
  /** Name of the item in FROM; without FROM the query has exactly one row. */
  readonly alias: string | undefined;
  readonly where: Expression | undefined;
  readonly groupBy: readonly Expression[] | undefined;
  readonly orderBy: readonly Ordering[];
  readonly offset: Expression | undefined;
  readonly limit: Expression | undefined;
}

/** The expressions directly inside `expression`. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'parameter':
    case 'alias':
      return [];
    case 'property':
      return [expression.target, expression.key];
    case 'and':
    case 'or':
      return expression.terms;
    case 'unary':
      return [expression.operand];
    case 'binary':
      return [expression.left, expression.right];
    case 'conditional':
      return [expression.condition, expression.whenTrue, expression.otherwise];
    case 'in':
      return [expression.operand, ...expression.choices];
    case 'between':
      return [expression.operand, expression.low, expression.high];
    case 'like':
      return expression.escape === undefined
        ? [expression.operand, expression.pattern]
        : [expression.operand, expression.pattern, expression.escape];
    case 'array':
      return expression.elements;
    case 'object':
      return expression.members.map(([, member]) => member);
    case 'call':
      return expression.args;
    case 'aggregate':
      return [expression.argument];
  }
}

/** Every expression of a query, outermost only. */
export function expressionsOf(query: Query): Expression[] {
  const { selection } = query;
  const selected =
    selection.kind === 'star'
      ? []
      : selection.kind === 'value'
        ? [selection.expression]
        : selection.members.map(({ expression }) => expression);
  const optional = [query.top, query.where, query.offset, query.limit].filter((part) => part !== undefined);
  return [
    ...selected,
    ...optional,
    ...(query.groupBy ?? []),
    ...query.orderBy.map((part) => part.expression),
  ];
}
