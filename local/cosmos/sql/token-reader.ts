import { syntaxError, type Token, tokenize } from './lexer.ts';

/** Names that can be neither aliases nor result names. VALUE may: it is a keyword only right after SELECT. */
const KEYWORDS = new Set(
  (
    'SELECT FROM WHERE ORDER BY GROUP OFFSET LIMIT JOIN IN AS AND OR NOT BETWEEN LIKE EXISTS ARRAY TOP DISTINCT ' +
    'ASC DESC ESCAPE NULL TRUE FALSE UNDEFINED'
  ).split(' '),
);

/** A cursor over the tokens of one query. */
export interface TokenReader {
  peek(ahead?: number): Token;
  next(): Token;
  isSymbol(symbol: string, ahead?: number): boolean;
  isKeyword(keyword: string, ahead?: number): boolean;
  takeSymbol(symbol: string): boolean;
  takeKeyword(keyword: string): boolean;
  /** @throws SqlError when something else comes. */
  expectSymbol(symbol: string): void;
  /** @throws SqlError when something else comes. */
  expectKeyword(keyword: string): void;
  /** Reads a name that is no keyword. @throws SqlError */
  expectName(): string;
  /** True where a name that is no keyword comes. */
  isName(): boolean;
  fail(): never;
}

export function readTokens(text: string): TokenReader {
  const tokens = tokenize(text);
  const end: Token = tokens.at(-1) ?? { kind: 'end', text: '', at: 0 };
  let index = 0;

  const reader: TokenReader = {
    peek: (ahead = 0) => tokens[index + ahead] ?? end,
    next() {
      const token = reader.peek();
      index += 1;
      return token;
    },
    isSymbol(symbol, ahead = 0) {
      const token = reader.peek(ahead);
      return token.kind === 'symbol' && token.text === symbol;
    },
    isKeyword(keyword, ahead = 0) {
      const token = reader.peek(ahead);
      return token.kind === 'name' && token.text.toUpperCase() === keyword;
    },
    takeSymbol(symbol) {
      const found = reader.isSymbol(symbol);
      if (found) index += 1;
      return found;
    },
    takeKeyword(keyword) {
      const found = reader.isKeyword(keyword);
      if (found) index += 1;
      return found;
    },
    expectSymbol(symbol) {
      if (!reader.takeSymbol(symbol)) reader.fail();
    },
    expectKeyword(keyword) {
      if (!reader.takeKeyword(keyword)) reader.fail();
    },
    isName() {
      const token = reader.peek();
      return token.kind === 'name' && !KEYWORDS.has(token.text.toUpperCase());
    },
    expectName() {
      if (!reader.isName()) reader.fail();
      return reader.next().text;
    },
    fail() {
      const { text, at } = reader.peek();
      throw syntaxError(text, at);
    },
  };
  return reader;
}
