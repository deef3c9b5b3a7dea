/**
 * A second opinion on syntax: the tree-sitter grammar of Bicep, made by others. Only its errors are used. Its trees are
 * not, as it binds member access looser than operators; and it does not know parameter files, nor the spread operator.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Language, type Node, Parser } from 'web-tree-sitter';
import type { Templates } from './evaluate/templates.ts';
import type { Finding } from './rule.ts';

/** What the grammar cannot read, at its place. */
export async function grammarErrors(templates: Templates): Promise<Finding[]> {
  await Parser.init();
  const wasm = createRequire(import.meta.url).resolve('tree-sitter-bicep/tree-sitter-bicep.wasm');
  const parser = new Parser();
  parser.setLanguage(await Language.load(readFileSync(wasm)));
  const findings = templates.paths
    .filter((path) => path.endsWith('.bicep'))
    .flatMap((path) => {
      const tree = parser.parse(templates.text(path) ?? '');
      if (tree === null) return [{ place: { path, start: 0, end: 0 }, message: 'the grammar gave no tree' }];
      const errors = errorsIn(tree.rootNode).map((node) => ({
        place: { path, start: node.startIndex, end: node.endIndex },
        message: node.isMissing ? `${node.type} is missing` : 'the grammar cannot read this',
      }));
      tree.delete();
      return errors;
    });
  parser.delete();
  return findings;
}

function errorsIn(node: Node): Node[] {
  if (node.isError || node.isMissing) return [node];
  if (!node.hasError) return [];
  return node.children.flatMap((child) => (child === null ? [] : errorsIn(child)));
}
