import { peek, skipNewlines, unexpected } from './cursor.ts';
import { parseDeclaration, parseResource } from './parse-declaration.ts';
import { parseExpression } from './parse-expression.ts';
import type { BicepFile, Declaration } from './syntax.ts';
import { tokenize } from './tokens.ts';

/**
 * A `.bicep` or `.bicepparam` file as a tree.
 * @throws BicepSyntaxError with the offset of the first fault.
 */
export function parseFile(path: string, source: string): BicepFile {
  const cursor = {
    tokens: tokenize(source),
    at: 0,
    grammar: { expression: parseExpression, resource: parseResource },
  };
  const declarations: Declaration[] = [];
  skipNewlines(cursor);
  while (peek(cursor).kind !== 'end') {
    declarations.push(parseDeclaration(cursor));
    if (peek(cursor).kind !== 'newline' && peek(cursor).kind !== 'end') {
      throw unexpected(cursor, 'a new line');
    }
    skipNewlines(cursor);
  }
  return { path, source, declarations };
}
