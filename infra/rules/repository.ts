import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Templates, templatesFrom } from './evaluate/templates.ts';

/** The templates of a checkout, with everything beside them that rules read by path. */
export function templatesOf(root: string): Templates {
  const paths = readdirSync(join(root, 'infra'), { recursive: true, encoding: 'utf8' })
    .map((path) => `infra/${path.replaceAll('\\', '/')}`)
    .filter((path) => /\.(bicep|bicepparam|parameters\.json)$/.test(path))
    .toSorted();
  return templatesFrom(paths, (path) => {
    const file = join(root, path);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  });
}
