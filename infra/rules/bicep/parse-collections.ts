import {
  type Cursor,
  expect,
  expectName,
  is,
  lastEnd,
  next,
  peek,
  skipNewlines,
  take,
  unexpected,
} from './cursor.ts';
import { parseString } from './parse-string.ts';
import type { ArrayItem, Expression, ObjectEntry, Resource } from './syntax.ts';

export function parseObject(cursor: Cursor): Expression {
  const { start } = expect(cursor, '{');
  const entries: ObjectEntry[] = [];
  const children: Resource[] = [];
  skipNewlines(cursor);
  while (!is(cursor, '}')) {
    const isChild =
      is(cursor, '@') ||
      (is(cursor, 'resource') && peek(cursor, 1).kind === 'name' && peek(cursor, 2).kind === 'string');
    if (isChild) children.push(cursor.grammar.resource(cursor));
    else entries.push(parseEntry(cursor));
    endItem(cursor, '}');
  }
  expect(cursor, '}');
  return { kind: 'object', entries, children, start, end: lastEnd(cursor) };
}

function parseEntry(cursor: Cursor): ObjectEntry {
  const { start } = peek(cursor);
  if (take(cursor, '...')) {
    const value = cursor.grammar.expression(cursor);
    return { kind: 'spread', value, start, end: value.end };
  }
  const key = parseKey(cursor);
  expect(cursor, ':');
  skipNewlines(cursor);
  const value = cursor.grammar.expression(cursor);
  return { kind: 'property', key, value, start, end: value.end };
}

function parseKey(cursor: Cursor): string | Expression {
  if (peek(cursor).kind !== 'string') return expectName(cursor);
  const key = parseString(cursor);
  return key.kind === 'literal' ? String(key.value) : key;
}

export function parseArray(cursor: Cursor): Expression {
  const { start } = expect(cursor, '[');
  skipNewlines(cursor);
  if (is(cursor, 'for')) return parseFor(cursor, start);
  const items: ArrayItem[] = [];
  while (!is(cursor, ']')) {
    const kind = take(cursor, '...') ? 'spread' : 'item';
    items.push({ kind, value: cursor.grammar.expression(cursor) });
    endItem(cursor, ']');
  }
  expect(cursor, ']');
  return { kind: 'array', items, start, end: lastEnd(cursor) };
}

function parseFor(cursor: Cursor, start: number): Expression {
  expect(cursor, 'for');
  let position: string | undefined;
  let item: string;
  if (take(cursor, '(')) {
    item = expectName(cursor);
    expect(cursor, ',');
    position = expectName(cursor);
    expect(cursor, ')');
  } else item = expectName(cursor);
  expect(cursor, 'in');
  const over = cursor.grammar.expression(cursor);
  expect(cursor, ':');
  skipNewlines(cursor);
  const condition = parseIf(cursor);
  const body = cursor.grammar.expression(cursor);
  skipNewlines(cursor);
  expect(cursor, ']');
  return { kind: 'for', item, position, over, condition, body, start, end: lastEnd(cursor) };
}

/** `if (…)` before a resource's, a module's or a loop's body. */
export function parseIf(cursor: Cursor): Expression | undefined {
  if (!is(cursor, 'if') || !is(cursor, '(', 1)) return undefined;
  next(cursor);
  expect(cursor, '(');
  skipNewlines(cursor);
  const condition = cursor.grammar.expression(cursor);
  skipNewlines(cursor);
  expect(cursor, ')');
  skipNewlines(cursor);
  return condition;
}

function endItem(cursor: Cursor, close: string): void {
  if (take(cursor, ',') || peek(cursor).kind === 'newline') return skipNewlines(cursor);
  if (!is(cursor, close)) throw unexpected(cursor, `a new line or "${close}"`);
}
