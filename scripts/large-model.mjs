// Builds dist/, bundles the run over a large model beside it and starts it: node scripts/large-model.mjs --help. The
// bundle ends in .mjs, so that a later build leaves it alone.
import { spawn } from 'node:child_process';
import { build } from 'esbuild';

await import('./build.mjs');
await build({
  entryPoints: ['test/large-model/run.ts'],
  outfile: 'dist/large-model/run.mjs',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
});

const run = spawn(process.execPath, ['dist/large-model/run.mjs', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => run.kill(signal));
run.on('exit', (code) => process.exit(code ?? 1));
