/**
 * Scalar evaluation. Rules of this dialect that differ from others:
 * 1. A comparison with undefined is undefined; `=` and `!=` across types are false and true; an order across types,
 *    or between arrays or objects, is undefined.
 * 2. AND and OR are three-valued: `false AND undefined` is false, `true OR undefined` is true.
 * 3. An operator or function over the wrong type gives undefined, never an error.
 */
import { FUNCTIONS } from './functions.ts';
import { matchesLike } from './like.ts';
import { SqlError } from './sql-error.ts';
import { finite } from './sql-function.ts';
import { joinTexts } from './string-functions.ts';
import type { BinaryOperator, Expression, NumericOperator, UnaryOperator } from './syntax.ts';
import {
  compareValues,
  type JsonObject,
  memberOf,
  type SqlValue,
  setMember,
  typeRank,
  valuesEqual,
} from './values.ts';

export interface Scope {
  /** The item that FROM's alias stands for. */
  readonly item: SqlValue;
  /** By name, `@` included. */
  readonly parameters: ReadonlyMap<string, SqlValue>;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Results of the aggregate calls, where rows are folded. */
  readonly aggregates?: ReadonlyMap<Expression, SqlValue>;
}

/** @throws SqlError for a parameter that was not supplied or a result beyond bounds. */
export function evaluate(expression: Expression, scope: Scope): SqlValue {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'parameter':
      if (!scope.parameters.has(expression.name)) {
        throw new SqlError(`The query uses the parameter ${expression.name}, which was not supplied.`);
      }
      return scope.parameters.get(expression.name);
    case 'alias':
      return scope.item;
    case 'property':
      return memberOf(evaluate(expression.target, scope), evaluate(expression.key, scope));
    case 'and':
      return decide(expression.terms, false, scope);
    case 'or':
      return decide(expression.terms, true, scope);
    case 'unary':
      return applyUnary(expression.operator, evaluate(expression.operand, scope));
    case 'binary': {
      const left = evaluate(expression.left, scope);
      if (expression.operator === '??') return left === undefined ? evaluate(expression.right, scope) : left;
      return applyBinary(expression.operator, left, evaluate(expression.right, scope));
    }
    case 'conditional':
      return evaluate(expression.condition, scope) === true
        ? evaluate(expression.whenTrue, scope)
        : evaluate(expression.otherwise, scope);
    case 'in': {
      const operand = evaluate(expression.operand, scope);
      if (operand === undefined) return undefined;
      return expression.choices.some((choice) => valuesEqual(operand, evaluate(choice, scope)));
    }
    case 'between':
      return isBetween(expression, scope);
    case 'like': {
      const text = evaluate(expression.operand, scope);
      const pattern = evaluate(expression.pattern, scope);
      if (typeof text !== 'string' || typeof pattern !== 'string') return undefined;
      const escape = expression.escape === undefined ? undefined : evaluate(expression.escape, scope);
      return matchesLike(text, pattern, typeof escape === 'string' ? escape : undefined);
    }
    case 'array':
      return expression.elements
        .map((element) => evaluate(element, scope))
        .filter((element) => element !== undefined);
    case 'object':
      return makeObject(expression.members, scope);
    case 'call':
      return FUNCTIONS.get(expression.name)?.apply(
        expression.args.map((arg) => evaluate(arg, scope)),
        scope,
      );
    case 'aggregate':
      return scope.aggregates?.get(expression);
  }
}

/** Builds an object of the members that are defined. */
export function makeObject(members: readonly (readonly [string, Expression])[], scope: Scope): JsonObject {
  const result: JsonObject = {};
  for (const [key, member] of members) {
    const value = evaluate(member, scope);
    if (value !== undefined) setMember(result, key, value);
  }
  return result;
}

/** AND is decided by one false term, OR by one true term; without it they need all terms to be boolean. */
function decide(terms: readonly Expression[], decisive: boolean, scope: Scope): SqlValue {
  let known = true;
  for (const term of terms) {
    const value = evaluate(term, scope);
    if (value === decisive) return decisive;
    known &&= typeof value === 'boolean';
  }
  return known ? !decisive : undefined;
}

function isBetween(expression: Extract<Expression, { kind: 'between' }>, scope: Scope): SqlValue {
  const operand = evaluate(expression.operand, scope);
  const above = applyBinary('>=', operand, evaluate(expression.low, scope));
  const below = applyBinary('<=', operand, evaluate(expression.high, scope));
  if (above === false || below === false) return false;
  return above === true && below === true ? true : undefined;
}

function applyUnary(operator: UnaryOperator, operand: SqlValue): SqlValue {
  if (operator === 'NOT') return typeof operand === 'boolean' ? !operand : undefined;
  if (typeof operand !== 'number') return undefined;
  if (operator === '-') return -operand;
  return operator === '~' ? ~operand : operand;
}

function applyBinary(operator: Exclude<BinaryOperator, '??'>, left: SqlValue, right: SqlValue): SqlValue {
  if (operator === '=' || operator === '!=') {
    if (left === undefined || right === undefined) return undefined;
    return valuesEqual(left, right) === (operator === '=');
  }
  if (operator === '<' || operator === '<=' || operator === '>' || operator === '>=') {
    return applyOrder(operator, left, right);
  }
  if (operator === '||') {
    return typeof left === 'string' && typeof right === 'string' ? joinTexts([left, right]) : undefined;
  }
  if (typeof left !== 'number' || typeof right !== 'number') return undefined;
  return finite(applyNumeric(operator, left, right));
}

function applyOrder(operator: '<' | '<=' | '>' | '>=', left: SqlValue, right: SqlValue): SqlValue {
  const rank = typeRank(left);
  if (rank === 0 || rank > 4 || rank !== typeRank(right)) return undefined;
  const order = compareValues(left, right);
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  return operator === '>' ? order > 0 : order >= 0;
}

function applyNumeric(operator: NumericOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
    case '&':
      return left & right;
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    case '<<':
      return left << right;
    case '>>':
      return left >> right;
  }
}
