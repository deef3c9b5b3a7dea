// Bundles the kill campaign, runs it and removes the bundles: node scripts/kill-campaign.mjs [--kills N] [--seed S]
// [--service name] [--quick] [--plant] [--garbage milliseconds] [--json]. The bundles are a run's own, so that runs do not disturb each other.
import { spawn } from 'node:child_process';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

// Under node_modules, where the packages that stay outside the bundles resolve.
const outdir = `node_modules/.cache/tributary-campaign-${process.pid}`;
const common = {
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
  outExtension: { '.js': '.mjs' },
};
const entries = ['run', 'service-process', 'client-process', 'host-process', 'garbage-process'];
process.on('exit', () => rmSync(outdir, { recursive: true, force: true }));
await build({ ...common, outdir, entryPoints: entries.map((name) => `test/campaign/${name}.ts`) });
await build({ ...common, outdir: `${outdir}/app`, entryPoints: ['test/campaign/app/app.ts'] });
copyFileSync('test/campaign/app/host.json', `${outdir}/app/host.json`);
writeFileSync(`${outdir}/app/package.json`, JSON.stringify({ type: 'module', main: 'app.mjs' }));

const campaign = spawn(process.execPath, [`${outdir}/run.mjs`, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => campaign.kill(signal));
campaign.on('exit', (code) => process.exit(code ?? 1));
