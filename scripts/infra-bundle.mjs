// Imports a TypeScript file of infra/, which Node 20 cannot read itself. The bundle lies for a moment in node_modules,
// so that packages are found from there.
import { mkdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** @param {string} entry path relative to the working directory */
export async function importBundled(entry) {
  const directory = resolve('node_modules', '.cache', 'tributary');
  mkdirSync(directory, { recursive: true });
  const outfile = resolve(directory, `${entry.replaceAll('/', '-')}-${process.pid}.mjs`);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(outfile, { force: true });
  }
}
