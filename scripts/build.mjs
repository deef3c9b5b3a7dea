// Bundles each process's entry into dist/. Packages stay outside the bundles: @azure/functions must be the very
// copy that the Functions host loads, and node_modules is there on every machine that runs these files.
// Only files whose bytes changed are written, each by rename, so a build never disturbs processes that run from dist/.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { buildKernels } from './build-kernels.mjs';
import { strategyEntries } from './strategy-entries.mjs';

await buildKernels();

const entries = {
  'app/main': 'functions/main.ts',
  'app/aggregation-worker': 'shared/aggregation/aggregation-worker.ts',
  'agent/main': 'agent/main.ts',
  'agent/registration': 'agent/print-registration.ts',
  'cli/main': 'cli/main.ts',
  'local/cloud': 'local/cloud/main.ts',
  'local/host': 'local/functions-host/main.ts',
  'local/signing-worker': 'local/key-vault/signing-worker.ts',
};
Object.assign(entries, strategyEntries('app/strategies'));
const outdir = 'dist';

const { outputFiles } = await build({
  entryPoints: Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(file))),
  outdir,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  packages: 'external',
  splitting: true,
  sourcemap: 'linked',
  logLevel: 'warning',
  write: false,
});

const fresh = new Set(outputFiles.map((file) => file.path));
for (const file of outputFiles) {
  if (existsSync(file.path) && readFileSync(file.path).equals(file.contents)) continue;
  mkdirSync(dirname(file.path), { recursive: true });
  const temporary = `${file.path}.${process.pid}.tmp`;
  writeFileSync(temporary, file.contents);
  renameSync(temporary, file.path);
}
if (existsSync(outdir)) {
  for (const name of readdirSync(outdir, { recursive: true })) {
    const path = resolve(join(outdir, name));
    if (/\.js(\.map)?$/.test(name) && !fresh.has(path)) rmSync(path, { force: true });
  }
}
