/** What a Bicep expression comes to, given what its names stand for. Never throws: what it cannot tell is unknown. */
import type { Expression } from '../bicep/syntax.ts';
import { memberOf } from './access.ts';
import { builtins } from './functions.ts';
import {
  arrayOf,
  asText,
  choiceOf,
  filled,
  fromJson,
  known,
  literal,
  objectOf,
  optionsOf,
  type Place,
  show,
  unknown,
  type Value,
} from './value.ts';

export interface Scope {
  readonly path: string;
  readonly lookup: (name: string) => Value | undefined;
  /** A resource declared within another's braces: `parent::child`. */
  readonly nested?: (of: Value, name: string) => Value | undefined;
  /** A function that the file declares. */
  readonly call?: (name: string, args: readonly Value[]) => Value | undefined;
  /** Text of a file beside this one. */
  readonly readText?: (path: string) => string | undefined;
}

export function evaluate(expression: Expression, scope: Scope): Value {
  const place: Place = { path: scope.path, start: expression.start, end: expression.end };
  const value = valueOf(expression, scope, place);
  return value.place === undefined ? { ...value, place } : value;
}

function valueOf(expression: Expression, scope: Scope, place: Place): Value {
  switch (expression.kind) {
    case 'literal':
      return literal(expression.value, place);
    case 'text':
      return textOf(expression.parts, scope);
    case 'name':
      return scope.lookup(expression.name) ?? unknown(expression.name, place);
    case 'object':
      return objectValue(expression, scope, place);
    case 'array':
      return arrayValue(expression.items, scope, place);
    case 'member':
      return memberOf(evaluate(expression.of, scope), expression.name);
    case 'nested': {
      const of = evaluate(expression.of, scope);
      return scope.nested?.(of, expression.name) ?? unknown(`${show(of)}::${expression.name}`, place);
    }
    case 'index':
      return indexOf(evaluate(expression.of, scope), evaluate(expression.index, scope));
    case 'call':
      return callOf(expression.name, expression.args, scope);
    case 'unary': {
      const operand = evaluate(expression.operand, scope);
      return choiceOf(optionsOf(operand).map((option) => negate(expression.operator, option)));
    }
    case 'binary':
      return binary(expression.operator, evaluate(expression.left, scope), evaluate(expression.right, scope));
    case 'conditional':
      return conditional(expression, scope);
    case 'lambda':
      return unknown('a function', place);
    case 'for':
      return loop(expression, scope, place);
  }
}

function textOf(parts: readonly (string | Expression)[], scope: Scope): Value {
  const values = parts.map((part) => (typeof part === 'string' ? literal(part) : evaluate(part, scope)));
  const text = values.map(asText).join('');
  if (values.every((value) => value.kind === 'literal')) return literal(text);
  return values.some(isFilledText) ? filled(text) : unknown(text);
}

function isFilledText(value: Value): boolean {
  if (value.kind === 'unknown') return value.isFilled === true;
  return value.kind === 'literal' && String(value.value) !== '';
}

function objectValue(expression: Extract<Expression, { kind: 'object' }>, scope: Scope, place: Place): Value {
  const entries: [string, Value][] = [];
  let isOpen = false;
  for (const entry of expression.entries) {
    const value = evaluate(entry.value, scope);
    if (entry.kind === 'spread') {
      if (value.kind === 'object') entries.push(...value.entries);
      if (value.kind !== 'object' || value.isOpen) isOpen = true;
      continue;
    }
    const key = typeof entry.key === 'string' ? literal(entry.key) : evaluate(entry.key, scope);
    entries.push([
      asText(key),
      { ...value, place: { path: scope.path, start: entry.value.start, end: entry.value.end } },
    ]);
    if (key.kind !== 'literal') isOpen = true;
  }
  return objectOf(entries, isOpen, place);
}

function arrayValue(
  items: Extract<Expression, { kind: 'array' }>['items'],
  scope: Scope,
  place: Place,
): Value {
  let isOpen = false;
  const values = items.flatMap(({ kind, value: expression }) => {
    const value = evaluate(expression, scope);
    if (kind === 'item') return [value];
    if (value.kind !== 'array' || value.isOpen) isOpen = true;
    return value.kind === 'array' ? value.items : [];
  });
  return arrayOf(values, isOpen, place);
}

function indexOf(of: Value, index: Value): Value {
  if (of.kind === 'choice') return choiceOf(of.options.map((option) => indexOf(option, index)));
  const key = known(index);
  if (of.kind === 'array' && typeof key === 'number' && !of.isOpen) return of.items[key] ?? literal(null);
  // A collection of modules or resources is one of them, whichever it is.
  if (of.kind === 'array' && of.items.length > 0 && of.items.every(isDeployed)) return choiceOf(of.items);
  if (typeof key === 'string') return memberOf(of, key);
  return unknown(`${show(of)}[${show(index)}]`);
}

/** Functions whose result only a deployment knows, but which is never empty. */
const neverEmpty = [
  'guid',
  'resourceId',
  'subscriptionResourceId',
  'tenantResourceId',
  'uniqueString',
  'cidrSubnet',
];

function isDeployed({ kind }: Value): boolean {
  return kind === 'module' || kind === 'resource';
}

function callOf(name: string, args: readonly Expression[], scope: Scope): Value {
  if (name === 'map' || name === 'filter') return mapOrFilter(name, args, scope);
  const values = args.map((arg) => evaluate(arg, scope));
  if (name === 'loadJsonContent' || name === 'loadTextContent') {
    const path = values[0] === undefined ? undefined : known(values[0]);
    const text = typeof path === 'string' ? scope.readText?.(path) : undefined;
    if (text !== undefined) return name === 'loadTextContent' ? literal(text) : fromJson(JSON.parse(text));
  }
  const builtin = Object.hasOwn(builtins, name) ? builtins[name] : undefined;
  const text = `${name}(${values.map(show).join(', ')})`;
  const whatever = neverEmpty.includes(name) ? filled(text) : unknown(text);
  return scope.call?.(name, values) ?? builtin?.(values) ?? whatever;
}

function mapOrFilter(name: string, args: readonly Expression[], scope: Scope): Value {
  const [listExpression, lambda] = args;
  const list = listExpression === undefined ? unknown(name) : evaluate(listExpression, scope);
  const whole = unknown(`${name}(${show(list)}, …)`);
  if (list.kind !== 'array' || lambda?.kind !== 'lambda') return whole;
  const results = list.items.map((item, position) => {
    const [itemName, positionName] = lambda.parameters;
    return evaluate(
      lambda.body,
      withNames(scope, [
        [itemName, item],
        [positionName, literal(position)],
      ]),
    );
  });
  if (name === 'map') return arrayOf(results, list.isOpen);
  if (results.some((result) => typeof known(result) !== 'boolean')) return whole;
  return arrayOf(
    list.items.filter(
      (_, position) => results[position]?.kind === 'literal' && known(results[position]) === true,
    ),
    list.isOpen,
  );
}

function negate(operator: '!' | '-', value: Value): Value {
  const content = known(value);
  if (operator === '!' && typeof content === 'boolean') return literal(!content);
  if (operator === '-' && typeof content === 'number') return literal(-content);
  return unknown(`${operator}${show(value)}`);
}

function binary(operator: string, left: Value, right: Value): Value {
  if (left.kind === 'choice') return choiceOf(left.options.map((option) => binary(operator, option, right)));
  if (right.kind === 'choice') return choiceOf(right.options.map((option) => binary(operator, left, option)));
  const [a, b] = [known(left), known(right)];
  if (operator === '&&' && (a === false || b === false)) return literal(false);
  if (operator === '||' && (a === true || b === true)) return literal(true);
  if (operator === '??') {
    if (a === null) return right;
    return left.kind === 'unknown' ? choiceOf([left, right]) : left;
  }
  if (a === undefined || b === undefined) return unknown(`${show(left)} ${operator} ${show(right)}`);
  return literal(compute(operator, a, b));
}

type Scalar = string | number | boolean | null;

function compute(operator: string, a: Scalar, b: Scalar): Scalar {
  switch (operator) {
    case '&&':
      return a === true && b === true;
    case '||':
      return a === true || b === true;
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '=~':
      return String(a).toLowerCase() === String(b).toLowerCase();
    case '!~':
      return String(a).toLowerCase() !== String(b).toLowerCase();
    case '<':
      return Number(a) < Number(b);
    case '<=':
      return Number(a) <= Number(b);
    case '>':
      return Number(a) > Number(b);
    case '>=':
      return Number(a) >= Number(b);
    case '+':
      return Number(a) + Number(b);
    case '-':
      return Number(a) - Number(b);
    case '*':
      return Number(a) * Number(b);
    case '/':
      return Math.trunc(Number(a) / Number(b));
    default:
      return Number(a) % Number(b);
  }
}

function conditional(expression: Extract<Expression, { kind: 'conditional' }>, scope: Scope): Value {
  const condition = evaluate(expression.condition, scope);
  const branches = optionsOf(condition).flatMap((option) => {
    const content = known(option);
    if (content === true) return [expression.then];
    if (content === false) return [expression.otherwise];
    return [expression.then, expression.otherwise];
  });
  return choiceOf([...new Set(branches)].map((branch) => evaluate(branch, scope)));
}

/** A loop over a list that is not known is an open array of one item that stands for any. */
function loop(expression: Extract<Expression, { kind: 'for' }>, scope: Scope, place: Place): Value {
  const over = evaluate(expression.over, scope);
  const isKnown = over.kind === 'array' && !over.isOpen;
  const items = over.kind === 'array' ? over.items : [];
  const each = isKnown ? items : [...items, unknown(`each of ${show(over)}`)];
  const isOpen = !isKnown;
  const results = each.flatMap((item, index) => {
    const inner = withNames(scope, [
      [expression.item, item],
      [expression.position, isKnown ? literal(index) : unknown('position')],
    ]);
    const isLeftOut =
      expression.condition !== undefined && known(evaluate(expression.condition, inner)) === false;
    return isLeftOut ? [] : [evaluate(expression.body, inner)];
  });
  return arrayOf(results, isOpen, place);
}

export function withNames(scope: Scope, names: readonly (readonly [string | undefined, Value])[]): Scope {
  const own = new Map(names.flatMap(([name, value]) => (name === undefined ? [] : [[name, value] as const])));
  return { ...scope, lookup: (name) => own.get(name) ?? scope.lookup(name) };
}
