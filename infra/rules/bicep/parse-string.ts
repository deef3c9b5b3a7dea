import { type Cursor, next, peek, unexpected } from './cursor.ts';
import type { Expression } from './syntax.ts';

/** A text; what is interpolated in it is parsed by the same grammar. */
export function parseString(cursor: Cursor): Expression {
  if (peek(cursor).kind !== 'string') throw unexpected(cursor, 'a text');
  const { parts = [], start, end } = next(cursor);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && 'text' in only) {
    return { kind: 'literal', value: only.text, start, end };
  }
  const parsed = parts.map((part) => {
    if ('text' in part) return part.text;
    const inner: Cursor = { tokens: part.tokens, at: 0, grammar: cursor.grammar };
    const expression = cursor.grammar.expression(inner);
    if (peek(inner).kind !== 'end') throw unexpected(inner, 'the end of the interpolation');
    return expression;
  });
  return { kind: 'text', parts: parsed, start, end };
}
