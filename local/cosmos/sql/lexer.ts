import { SqlError } from './sql-error.ts';

export interface Token {
  readonly kind: 'name' | 'string' | 'number' | 'parameter' | 'symbol' | 'end';
  /** The text as written; for a string, its value. */
  readonly text: string;
  /** Offset in the query, for messages. */
  readonly at: number;
}

/** Longest first, so that `<=` is not read as `<` and `=`. */
const SYMBOLS = '!= <> <= >= || ?? << >> = < > + - * / % & | ^ ~ ? : ( ) [ ] { } , .'.split(' ');
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
};

const SKIPPED = /(?:\s|--[^\n]*)+/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const PARAMETER = /@[A-Za-z0-9_]+/y;
// No pattern here can fail after a long run: a lookahead at the end of this one would make it quadratic.
const NUMBER = /0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME_PART = /[A-Za-z0-9_]/;

/** @throws SqlError on a character or string that no token can start with. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += matchAt(SKIPPED, text, at)?.length ?? 0;
    if (at >= text.length) break;
    const { token, end } = readToken(text, at);
    tokens.push(token);
    at = end;
  }
  tokens.push({ kind: 'end', text: '', at });
  return tokens;
}

function readToken(text: string, at: number): { token: Token; end: number } {
  const first = text[at];
  if (first === '"' || first === "'") return readString(text, at, first);
  const patterns = [
    ['name', NAME],
    ['parameter', PARAMETER],
    ['number', NUMBER],
  ] as const;
  for (const [kind, pattern] of patterns) {
    const found = matchAt(pattern, text, at);
    if (found === undefined) continue;
    const end = at + found.length;
    if (kind === 'number' && NAME_PART.test(text[end] ?? '')) throw syntaxError(text.slice(at, end + 1), at);
    return { token: { kind, text: found, at }, end };
  }
  const symbol = SYMBOLS.find((candidate) => text.startsWith(candidate, at));
  if (symbol === undefined) throw syntaxError(first ?? '', at);
  return { token: { kind: 'symbol', text: symbol, at }, end: at + symbol.length };
}

function readString(text: string, at: number, quote: string): { token: Token; end: number } {
  let value = '';
  let index = at + 1;
  for (;;) {
    const character = text[index];
    if (character === undefined) throw new SqlError(`Syntax error, unterminated string at ${at}.`);
    if (character === quote) break;
    if (character !== '\\') {
      value += character;
      index += 1;
      continue;
    }
    const escape = text[index + 1] ?? '';
    if (escape === 'u') {
      const digits = text.slice(index + 2, index + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw syntaxError(`\\u${digits}`, index);
      value += String.fromCharCode(Number.parseInt(digits, 16));
      index += 6;
      continue;
    }
    const replacement = ESCAPES[escape];
    if (replacement === undefined) throw syntaxError(`\\${escape}`, index);
    value += replacement;
    index += 2;
  }
  return { token: { kind: 'string', text: value, at }, end: index + 1 };
}

export function syntaxError(near: string, at: number): SqlError {
  const shown = near === '' ? 'end of query' : near.slice(0, 40);
  return new SqlError(`Syntax error, incorrect syntax near '${shown}' at ${at}.`);
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
