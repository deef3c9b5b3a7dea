// Builds dist/, bundles the crash test beside it and runs it: node scripts/crash-test.mjs [--runs N] [--kills K]
// [--seed S] [--quick] [--json]. The bundle ends in .mjs, so that a later build leaves it alone.
import { spawn } from 'node:child_process';
import { build } from 'esbuild';

await import('./build.mjs');
await build({
  entryPoints: ['test/crash/run.ts', 'test/crash/recompute-process.ts'],
  outdir: 'dist/crash-test',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
});

const test = spawn(process.execPath, ['dist/crash-test/run.mjs', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => test.kill(signal));
test.on('exit', (code) => process.exit(code ?? 1));
