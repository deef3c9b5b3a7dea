// Writes what the conformance suites know: the support table into local/README.md, the differences into docs/local-cloud.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { bundleScript } from './bundle-script.mjs';

const { withGenerated } = await import(await bundleScript('test/conformance/support-table.ts'));
for (const [page, kind] of [
  ['local/README.md', 'support'],
  ['docs/local-cloud.md', 'differences'],
]) {
  writeFileSync(page, withGenerated(readFileSync(page, 'utf8'), kind));
}
