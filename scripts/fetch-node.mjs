// Another Node, to see that models do not depend on it; never a dependency of this package.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { resolve } from 'node:path';

/** Installs Node 22 into a cache folder unless it is there. Gives `{ node }`, or `{ reason }` why there is none. */
export function fetchNode() {
  const name = `node-${platform()}-${arch()}`;
  const folder = resolve('node_modules/.cache/node-22');
  const node = `${folder}/node_modules/${name}/bin/node`;
  if (existsSync(node)) return { node };
  mkdirSync(folder, { recursive: true });
  const args = ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', `${name}@22`];
  const { status } = spawnSync('npm', args, { encoding: 'utf8' });
  return status === 0 && existsSync(node) ? { node } : { reason: `${name}@22 could not be installed` };
}
