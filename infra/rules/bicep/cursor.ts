import type { Expression, Resource } from './syntax.ts';
import { BicepSyntaxError, type Token } from './tokens.ts';

/** The grammar goes in circles over files: these two are reached through the cursor, so that imports do not. */
export interface Grammar {
  readonly expression: (cursor: Cursor) => Expression;
  readonly resource: (cursor: Cursor) => Resource;
}

/** A place in a list of tokens. */
export interface Cursor {
  readonly grammar: Grammar;
  readonly tokens: readonly Token[];
  at: number;
}

export function peek(cursor: Cursor, ahead = 0): Token {
  const token = cursor.tokens[cursor.at + ahead] ?? cursor.tokens.at(-1);
  if (token === undefined) throw new BicepSyntaxError('there are no tokens', 0);
  return token;
}

export function next(cursor: Cursor): Token {
  const token = peek(cursor);
  cursor.at += 1;
  return token;
}

/** Where the token before this place ended. */
export function lastEnd(cursor: Cursor): number {
  return cursor.tokens[cursor.at - 1]?.end ?? 0;
}

export function is(cursor: Cursor, text: string, ahead = 0): boolean {
  const token = peek(cursor, ahead);
  return (token.kind === 'punctuation' || token.kind === 'name') && token.text === text;
}

export function take(cursor: Cursor, text: string): boolean {
  if (!is(cursor, text)) return false;
  cursor.at += 1;
  return true;
}

export function expect(cursor: Cursor, text: string): Token {
  if (is(cursor, text)) return next(cursor);
  throw unexpected(cursor, `"${text}"`);
}

export function expectName(cursor: Cursor): string {
  if (peek(cursor).kind === 'name') return next(cursor).text;
  throw unexpected(cursor, 'a name');
}

export function skipNewlines(cursor: Cursor): void {
  while (peek(cursor).kind === 'newline') cursor.at += 1;
}

/** Whether, past newlines, this comes next. */
export function isPastNewlines(cursor: Cursor, text: string): boolean {
  let ahead = 0;
  while (peek(cursor, ahead).kind === 'newline') ahead += 1;
  return is(cursor, text, ahead);
}

export function unexpected(cursor: Cursor, wanted: string): BicepSyntaxError {
  const token = peek(cursor);
  const found =
    token.kind === 'newline' ? 'the end of the line' : token.kind === 'end' ? 'the end' : token.text;
  return new BicepSyntaxError(`expected ${wanted}, found ${found}`, token.start);
}
