// Runs the conformance suites against one backend and says what differs: npm run conformance -- [--backend NAME].
//   embedded (default)   all services
//   azurite              blobs; fetched by name, pinned, into a cache folder that is no part of the package
//   azure                each service whose settings are there (docs/local-cloud.md lists them)
//   cosmium              Cosmos DB: a running one, by TRIBUTARY_CONFORMANCE_COSMOS_ENDPOINT and _KEY
//   lowkey-vault         Key Vault: a running one, by TRIBUTARY_CONFORMANCE_KEY_VAULT_URL
// Ends with 0 when every test passes or its difference is one of test/conformance/differences.ts.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleScript } from './bundle-script.mjs';
import { fetchAzurite } from './fetch-azurite.mjs';

const { values } = parseArgs({
  options: { backend: { type: 'string', default: process.env['TRIBUTARY_CONFORMANCE'] ?? 'embedded' } },
});
const { backend } = values;

/** Service to the setting that another backend needs for it. */
const settings = {
  blob: 'TRIBUTARY_CONFORMANCE_BLOB_URL',
  cosmos: 'TRIBUTARY_CONFORMANCE_COSMOS_ENDPOINT',
  'key-vault': 'TRIBUTARY_CONFORMANCE_KEY_VAULT_URL',
  'service-bus': 'TRIBUTARY_CONFORMANCE_SERVICE_BUS',
};
const offers = {
  embedded: Object.keys(settings),
  azurite: ['blob'],
  azure: Object.keys(settings),
  cosmium: ['cosmos'],
  'lowkey-vault': ['key-vault'],
};
const offered = offers[backend];
if (offered === undefined) {
  console.error(`--backend is one of ${Object.keys(offers).join(', ')}`);
  process.exit(2);
}

const env = { ...process.env, TRIBUTARY_CONFORMANCE: backend, TRIBUTARY_SKIP_BUILD: '1' };
if (backend === 'azurite') {
  const azurite = fetchAzurite();
  if (azurite.folder === undefined) {
    console.log(`skipped: ${azurite.reason}`);
    process.exit(0);
  }
  env['TRIBUTARY_AZURITE'] = azurite.folder;
}
const needsSettings = backend !== 'embedded' && backend !== 'azurite';
const chosen = offered.filter((service) => !needsSettings || process.env[settings[service]]);
for (const service of offered) {
  if (!chosen.includes(service)) console.log(`skipped ${service}: ${settings[service]} is not set`);
}
if (chosen.length === 0) process.exit(0);

const directory = mkdtempSync(join(tmpdir(), 'tributary-conformance-'));
const report = join(directory, 'report.json');
const folders = chosen.map((service) => `test/conformance/${service}/`);
spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', ...folders, '--reporter=json', `--outputFile=${report}`],
  { env, stdio: ['ignore', 'ignore', 'inherit'] },
);
const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
rmSync(directory, { recursive: true });

const tests = testResults.flatMap((file) => file.assertionResults);
const { differences } = await import(await bundleScript('test/conformance/differences.ts'));
const known = differences.filter((difference) => difference.backend === backend);
const failed = tests.filter((test) => test.status === 'failed');
const unexpected = failed.filter((test) => !known.some((difference) => difference.test === test.title));
const gone = known.filter((difference) => !failed.some((test) => test.title === difference.test));
const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);

for (const test of tests.filter(({ status }) => status === 'skipped' || status === 'pending')) {
  console.log(`skipped  ${test.title}`);
}
for (const { test, backendDoes, source } of known.filter((difference) => !gone.includes(difference))) {
  console.log(`differs  ${test}\n         ${backend} ${backendDoes}\n         ours by: ${source}`);
}
for (const { title, failureMessages } of unexpected) {
  console.log(`FAILED   ${title}\n         ${String(failureMessages[0]).split('\n')[0]}`);
}
for (const { test } of gone)
  console.log(`GONE     ${test}: no longer differs; remove it from differences.ts`);
for (const { name, message } of broken) console.log(`BROKEN   ${name}: ${message.split('\n')[0]}`);
const passed = tests.filter(({ status }) => status === 'passed').length;
console.log(
  `${backend}: ${passed} passed, ${failed.length - unexpected.length} known differences, ` +
    `${unexpected.length} failed, ${tests.length - passed - failed.length} skipped`,
);
process.exit(unexpected.length + gone.length + broken.length === 0 ? 0 : 1);
