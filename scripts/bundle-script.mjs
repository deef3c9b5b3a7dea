// Bundles one TypeScript entry for scripts that run it in plain Node, and says where it is. Under node_modules, where
// the packages that stay outside the bundle resolve. What is imported later is a file of its own, packages and all.
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

export async function bundleScript(entry) {
  const outdir = resolve('node_modules/.cache/tributary-scripts');
  const name = entry.replaceAll(/[/.]/g, '-');
  await build({
    entryPoints: { [name]: entry },
    outdir,
    outExtension: { '.js': '.mjs' },
    splitting: true,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return pathToFileURL(join(outdir, `${name}.mjs`)).href;
}
