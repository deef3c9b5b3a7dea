// Generates role modules and docs/roles.md from the table of rights: node scripts/infra-roles.mjs [--check]
import { importBundled } from './infra-bundle.mjs';

const { staleFiles, writeGeneratedFiles } = await importBundled('infra/roles/write.ts');
const stale = staleFiles();
if (!process.argv.includes('--check')) writeGeneratedFiles();
for (const path of stale)
  process.stdout.write(`${path} ${process.argv.includes('--check') ? 'is stale' : 'written'}\n`);
if (process.argv.includes('--check') && stale.length > 0) process.exitCode = 1;
