// Builds what is deployed, each as a folder that needs nothing beside it:
//   dist/deploy/coordinator/   the Functions app, and dist/deploy/coordinator.zip with the same files
//   dist/deploy/agent/         the silo agent, as infra/agent/Dockerfile and the systemd unit lay it out
// Packages go into the bundles: a cold start reads a handful of files instead of thousands, and nothing that the
// processes do not use is shipped. `@azure/functions-core` stays outside, because the Functions host provides it.
//
// usage: node scripts/package.mjs [--out DIR] [--json]
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { zipSync } from 'fflate';
import { buildKernels } from './build-kernels.mjs';
import { strategyEntries } from './strategy-entries.mjs';

const { values } = parseArgs({
  options: { out: { type: 'string', default: 'dist/deploy' }, json: { type: 'boolean', default: false } },
});
const { name, version, license, engines } = JSON.parse(readFileSync('package.json', 'utf8'));

/** Packages in CommonJS call `require` for Node's own modules, which an ES module lacks. */
const requireBanner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

async function bundle(folder, entries) {
  const { metafile } = await build({
    entryPoints: entries,
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    minify: true,
    // Error and class names appear in logs and decide what is retried.
    keepNames: true,
    legalComments: 'linked',
    external: ['@azure/functions-core'],
    banner: { js: requireBanner },
    logLevel: 'warning',
    metafile: true,
  });
  return metafile;
}

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)).replaceAll('\\', '/'))
    .sort();
}

/** The same files give the same archive, byte for byte. */
function zip(folder, target) {
  const files = Object.fromEntries(
    filesOf(folder).map((file) => [
      file,
      [new Uint8Array(readFileSync(join(folder, file))), { mtime: new Date('1980-01-02T00:00:00Z') }],
    ]),
  );
  const bytes = zipSync(files, { level: 9 });
  writeFileSync(target, bytes);
  return bytes;
}

function describe(folder) {
  return filesOf(folder).map((file) => ({ file, bytes: readFileSync(join(folder, file)).length }));
}

await buildKernels();

const coordinator = join(values.out, 'coordinator');
rmSync(coordinator, { recursive: true, force: true });
mkdirSync(coordinator, { recursive: true });
await bundle(join(coordinator, 'dist', 'app'), {
  main: 'functions/main.ts',
  'aggregation-worker': 'shared/aggregation/aggregation-worker.ts',
  ...strategyEntries('strategies'),
});
cpSync('host.json', join(coordinator, 'host.json'));
writeFileSync(
  join(coordinator, 'package.json'),
  `${JSON.stringify({ name, version, license, private: true, type: 'module', engines, main: 'dist/app/main.js' }, null, 2)}\n`,
);
const archive = `${coordinator}.zip`;
const zipped = zip(coordinator, archive);

const agent = join(values.out, 'agent');
rmSync(agent, { recursive: true, force: true });
await bundle(join(agent, 'opt', 'tributary'), {
  agent: 'agent/main.ts',
  registration: 'agent/print-registration.ts',
});
writeFileSync(
  join(agent, 'opt', 'tributary', 'package.json'),
  `${JSON.stringify({ name: `${name}-agent`, version, license, private: true, type: 'module', engines }, null, 2)}\n`,
);
const unit = 'infra/agent/tributary-agent.service';
if (existsSync(unit)) {
  mkdirSync(join(agent, 'etc', 'systemd', 'system'), { recursive: true });
  cpSync(unit, join(agent, 'etc', 'systemd', 'system', basename(unit)));
}

const report = {
  coordinator: {
    folder: coordinator,
    files: describe(coordinator),
    archive,
    archiveBytes: zipped.length,
    sha256: createHash('sha256').update(zipped).digest('hex'),
  },
  agent: { folder: agent, files: describe(agent) },
};
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else {
  const line = ({ file, bytes }) => `  ${String(Math.ceil(bytes / 1024)).padStart(6)} KiB  ${file}\n`;
  process.stdout.write(
    [
      `${coordinator}\n`,
      ...report.coordinator.files.map(line),
      `${archive}: ${(zipped.length / 2 ** 20).toFixed(2)} MiB, sha256 ${report.coordinator.sha256}\n`,
      `${agent}\n`,
      ...report.agent.files.map(line),
    ].join(''),
  );
}
