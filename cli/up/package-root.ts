import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where this package lies: the nearest directory above this file that holds host.json. */
export function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'host.json'))) {
    const parent = dirname(directory);
    if (parent === directory)
      throw new Error('host.json was not found above the program: is the package complete?');
    directory = parent;
  }
  return directory;
}

/** The bundles that run as processes of their own. */
export function bundles() {
  const root = packageRoot();
  return {
    root,
    cloud: join(root, 'dist', 'local', 'cloud.js'),
    host: join(root, 'dist', 'local', 'host.js'),
    agent: join(root, 'dist', 'agent', 'main.js'),
    registration: join(root, 'dist', 'agent', 'registration.js'),
  };
}
