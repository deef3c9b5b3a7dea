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
import { parseIf } from './parse-collections.ts';
import { parseExpression } from './parse-expression.ts';
import { parseType } from './parse-type.ts';
import type { Declaration, Decorator, Expression, Module, Resource } from './syntax.ts';

export function parseDeclaration(cursor: Cursor): Declaration {
  const { start } = peek(cursor);
  const decorators = parseDecorators(cursor);
  const word = peek(cursor);
  if (word.kind !== 'name') throw unexpected(cursor, 'a declaration');
  const done = () => ({ decorators, start, end: lastEnd(cursor) });
  switch (word.text) {
    case 'resource':
      return { ...parseResourceAfter(cursor), ...done() };
    case 'module':
      return { ...parseModule(cursor), ...done() };
    case 'param': {
      next(cursor);
      const name = expectName(cursor);
      // A parameter file names no type.
      const type = is(cursor, '=') ? undefined : parseType(cursor);
      const value = take(cursor, '=') ? parseBody(cursor) : undefined;
      return { kind: 'param', name, type, value, ...done() };
    }
    case 'var': {
      next(cursor);
      const name = expectName(cursor);
      if (!is(cursor, '=')) parseType(cursor);
      expect(cursor, '=');
      return { kind: 'var', name, value: parseBody(cursor), ...done() };
    }
    case 'output': {
      next(cursor);
      const name = expectName(cursor);
      const type = parseType(cursor);
      expect(cursor, '=');
      return { kind: 'output', name, type, value: parseBody(cursor), ...done() };
    }
    case 'func':
      return { ...parseFunction(cursor), ...done() };
    case 'type': {
      next(cursor);
      const name = expectName(cursor);
      expect(cursor, '=');
      return { kind: 'type', name, type: parseType(cursor), value: undefined, ...done() };
    }
    case 'targetScope':
    case 'metadata': {
      const kind = next(cursor).text === 'metadata' ? 'metadata' : 'targetScope';
      const name = kind === 'metadata' ? expectName(cursor) : kind;
      expect(cursor, '=');
      return { kind, name, value: parseBody(cursor), type: undefined, ...done() };
    }
    case 'using':
      next(cursor);
      return { kind: 'using', name: 'using', value: parseExpression(cursor), type: undefined, ...done() };
    default:
      throw unexpected(cursor, 'a declaration');
  }
}

function parseDecorators(cursor: Cursor): Decorator[] {
  const decorators: Decorator[] = [];
  while (take(cursor, '@')) {
    const expression = parseExpression(cursor);
    if (expression.kind !== 'call') throw unexpected(cursor, 'a decorator with brackets');
    decorators.push({ name: expression.name, args: expression.args });
    skipNewlines(cursor);
  }
  return decorators;
}

/** A resource declared within another's braces. */
export function parseResource(cursor: Cursor): Resource {
  const { start } = peek(cursor);
  const decorators = parseDecorators(cursor);
  return { ...parseResourceAfter(cursor), decorators, start, end: lastEnd(cursor) };
}

function parseResourceAfter(cursor: Cursor): Omit<Resource, 'decorators' | 'start' | 'end'> {
  expect(cursor, 'resource');
  const name = expectName(cursor);
  const { text, start: typeStart } = peek(cursor);
  if (peek(cursor).kind !== 'string') throw unexpected(cursor, 'a type with its API version');
  next(cursor);
  const [type = '', apiVersion] = text.slice(1, -1).split('@');
  const existing = take(cursor, 'existing');
  expect(cursor, '=');
  const condition = parseIf(cursor);
  const body = parseExpression(cursor);
  return { kind: 'resource', name, type, apiVersion, typeStart, existing, body, condition };
}

function parseModule(cursor: Cursor): Omit<Module, 'decorators' | 'start' | 'end'> {
  expect(cursor, 'module');
  const name = expectName(cursor);
  if (peek(cursor).kind !== 'string') throw unexpected(cursor, 'a path');
  const path = next(cursor).text.slice(1, -1);
  expect(cursor, '=');
  const condition = parseIf(cursor);
  return { kind: 'module', name, path, body: parseExpression(cursor), condition };
}

function parseFunction(cursor: Cursor) {
  expect(cursor, 'func');
  const name = expectName(cursor);
  expect(cursor, '(');
  const parameters: string[] = [];
  while (!is(cursor, ')')) {
    skipNewlines(cursor);
    parameters.push(expectName(cursor));
    parseType(cursor);
    take(cursor, ',');
    skipNewlines(cursor);
  }
  expect(cursor, ')');
  parseType(cursor);
  expect(cursor, '=>');
  return { kind: 'func' as const, name, parameters, value: parseBody(cursor) };
}

function parseBody(cursor: Cursor): Expression {
  skipNewlines(cursor);
  return parseExpression(cursor);
}
