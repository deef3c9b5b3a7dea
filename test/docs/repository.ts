import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

// The command line's own slugs are explained together in docs/cli.md.
const sourceFolders = ['shared', 'activities', 'orchestrations', 'functions', 'agent', 'local'];

/** Paths of all files under a folder of the repository that end so; folders of packages and builds are left out. */
export function filesUnder(folder: string, ending: string): string[] {
  return readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !/(^|\/)(node_modules|dist)\//.test(name))
    .map((name) => join(repositoryRoot, folder, name));
}

/** Every TypeScript file of the product. */
export function sourceFiles(): string[] {
  return sourceFolders.flatMap((folder) => filesUnder(folder, '.ts'));
}
