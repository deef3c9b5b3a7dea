// The Python packages that aggregation is measured against; never a dependency of this package.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const packages = ['flwr==1.41.0', 'nvflare==2.9.0', 'cryptography==50.0.2'];

/** Installs them into a cached environment unless it is there. Gives `{ python }`, or `{ reason }` why there is none. */
export function fetchPeers() {
  const folder = resolve('node_modules/.cache', `peers-${packages.join('-').replaceAll(/[^a-z0-9.-]/g, '')}`);
  const python = `${folder}/bin/python`;
  if (existsSync(`${folder}/complete`)) return { python };
  rmSync(folder, { recursive: true, force: true });
  console.error(`installing ${packages.join(', ')} into ${folder}`);
  const steps = [
    ['python3', ['-m', 'venv', folder]],
    [python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]],
  ];
  for (const [command, args] of steps) {
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) return { reason: (stderr ?? '').trim().split('\n').at(-1) || 'no python3 with pip' };
  }
  writeFileSync(`${folder}/complete`, '');
  return { python };
}
