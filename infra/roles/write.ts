/** Writes what is generated from the table of rights; with `--check` only says what differs, and fails if anything does. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { rolesPage } from './matrix.ts';
import { roleModules } from './modules.ts';

export function generatedFiles(): Map<string, string> {
  return new Map([...roleModules(), ['docs/roles.md', rolesPage()]]);
}

/** Paths, relative to the working directory, whose content is not what is generated. */
export function staleFiles(): string[] {
  return [...generatedFiles()]
    .filter(([path, text]) => !existsSync(path) || readFileSync(path, 'utf8') !== text)
    .map(([path]) => path);
}

export function writeGeneratedFiles(): void {
  for (const [path, text] of generatedFiles()) writeFileSync(path, text);
}
