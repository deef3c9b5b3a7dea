// Builds dist/ and runs scripts/large-model/main-process.ts: node scripts/large-model.mjs --help. Ctrl-C ends what it started.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bundleScript } from './bundle-script.mjs';

await import('./build.mjs');
const script = fileURLToPath(await bundleScript('scripts/large-model/main-process.ts'));
const run = spawn(process.execPath, [script, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => run.kill(signal));
run.on('exit', (code) => process.exit(code ?? 1));
