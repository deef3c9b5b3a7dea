// Imports a TypeScript file of infra/, which Node 20 cannot read itself: bundled into memory, never onto disk.
import { build } from 'esbuild';

/** @param {string} entry path relative to the working directory */
export async function importBundled(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    write: false,
    logLevel: 'warning',
  });
  const [bundle] = outputFiles;
  return await import(`data:text/javascript;base64,${Buffer.from(bundle.contents).toString('base64')}`);
}
