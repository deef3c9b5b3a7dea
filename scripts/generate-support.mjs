// Writes the support table of the embedded cloud into local/README.md, from the conformance suites.
import { readFileSync, writeFileSync } from 'node:fs';
import { bundleScript } from './bundle-script.mjs';

const { withSupportTable } = await import(await bundleScript('test/conformance/support-table.ts'));
const page = readFileSync('local/README.md', 'utf8');
writeFileSync('local/README.md', withSupportTable(page));
