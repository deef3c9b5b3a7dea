// Checks the templates in infra/ without Azure: node scripts/infra-verify.mjs [--json]. What is checked: infra/rules.
import { importBundled } from './infra-bundle.mjs';

const { describe, verifyInfra } = await importBundled('infra/rules/verify.ts');
const report = await verifyInfra(process.cwd());
const isJson = process.argv.includes('--json');
process.stdout.write(`${isJson ? JSON.stringify(report, undefined, 2) : describe(report)}\n`);
if (report.failures.length > 0) process.exitCode = 1;
