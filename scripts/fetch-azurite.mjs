// Azurite as a second opinion and as a peer in benchmarks; never a dependency of this package. The newest version that
// runs on Node 20 by its own word.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';

const version = '3.35.0';

/** Installs it into a cache folder unless it is there. Gives `{ folder }`, or `{ reason }` why there is none. */
export function fetchAzurite() {
  const folder = resolve('node_modules/.cache', `azurite-${version}`);
  if (existsSync(`${folder}/node_modules/azurite/package.json`)) return { folder };
  mkdirSync(folder, { recursive: true });
  console.error(`fetching azurite ${version} into ${folder}`);
  const { status, stderr } = spawnSync(
    'npm',
    ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', `azurite@${version}`],
    { encoding: 'utf8' },
  );
  if (status === 0) return { folder };
  const [reason = 'npm could not be run'] = (stderr ?? '')
    .split('\n')
    .filter((line) => line.includes('error'));
  return { reason: `azurite ${version} could not be installed: ${reason}` };
}
