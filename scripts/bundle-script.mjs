// Bundles one TypeScript entry for scripts that run it in plain Node, and says where it is. Under node_modules, where
// the packages that stay outside the bundle resolve.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

export async function bundleScript(entry) {
  const outfile = resolve('node_modules/.cache/tributary-scripts', `${entry.replaceAll(/[/.]/g, '-')}.mjs`);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return pathToFileURL(outfile).href;
}
