import { type Cursor, is, lastEnd, next, peek, unexpected } from './cursor.ts';
import type { TypeText } from './syntax.ts';

const opening = ['{', '(', '['];
const closing = ['}', ')', ']'];

/** A type up to what ends it: `=`, `=>`, `,`, a closing bracket, or a newline that no union goes on after. */
export function parseType(cursor: Cursor): TypeText {
  const { start } = peek(cursor);
  const literals: (string | number | boolean | null)[] = [];
  let text = '';
  let depth = 0;
  while (!ends(cursor, depth)) {
    const token = next(cursor);
    if (token.kind === 'newline') continue;
    if (token.kind === 'punctuation' && opening.includes(token.text)) depth += 1;
    if (token.kind === 'punctuation' && closing.includes(token.text)) depth -= 1;
    if (depth === 0) {
      if (token.kind === 'string') literals.push(token.text.slice(1, -1));
      if (token.kind === 'number') literals.push(Number(token.text));
      if (token.text === 'true' || token.text === 'false') literals.push(token.text === 'true');
    }
    text += text === '' ? token.text : ` ${token.text}`;
  }
  if (lastEnd(cursor) <= start) throw unexpected(cursor, 'a type');
  return { text, literals };
}

function ends(cursor: Cursor, depth: number): boolean {
  const token = peek(cursor);
  if (token.kind === 'end') return true;
  if (depth > 0) return false;
  if (token.kind === 'newline') return !continuesUnion(cursor);
  return ['=', '=>', ',', ')', ']', '}'].some((text) => is(cursor, text)) && !isArraySuffix(cursor);
}

/** A union may go on after a newline with `|`. */
function continuesUnion(cursor: Cursor): boolean {
  let ahead = 0;
  while (peek(cursor, ahead).kind === 'newline') ahead += 1;
  return is(cursor, '|', ahead);
}

/** In `string[]` the closing bracket belongs to the type. */
function isArraySuffix(cursor: Cursor): boolean {
  return is(cursor, ']') && is(cursor, '[', -1);
}
