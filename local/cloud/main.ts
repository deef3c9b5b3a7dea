/**
 * The embedded cloud as a process: `--data <directory> [--port-base <number>]`. Prints one JSON line on stdout when it
 * serves; stops cleanly on SIGTERM, SIGINT and when its parent goes away.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { lockDataDirectory } from '../core/data-lock.ts';
import { writeDurableFile } from '../core/durable-file.ts';
import { createFaultPlan } from '../core/faults.ts';
import { ensureTlsMaterial } from '../core/tls.ts';
import { newControlKey, startControl } from './control.ts';
import { cloudDirectories } from './directories.ts';
import { defaultPortBase, portsFrom } from './ports.ts';
import { startCloud } from './start-cloud.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    'port-base': { type: 'string' },
    'token-lifetime-ms': { type: 'string' },
  },
});
const dataDir = values.data;
const portBase = Number(values['port-base'] ?? defaultPortBase);
if (dataDir === undefined || !Number.isInteger(portBase))
  fail(new Error('usage: --data <directory> [--port-base <number>]'));

function fail(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  process.stdout.write(`${JSON.stringify({ ready: false, error: message, code: codeOf(error) })}\n`);
  process.exit(1);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

process.on('unhandledRejection', (reason) => {
  process.stderr.write(`unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}\n`);
});

async function start(directory: string) {
  const lock = lockDataDirectory(directory);
  const directories = cloudDirectories(directory);
  const tls = await ensureTlsMaterial(directories.tls);
  const faults = createFaultPlan();
  const lifetime = values['token-lifetime-ms'];
  const cloud = await startCloud({
    dataDir: directory,
    portBase,
    tls,
    faults,
    ...(lifetime === undefined ? {} : { tokenLifetimeMs: Number(lifetime) }),
  });
  const keyFile = join(directories.environments, 'control.key');
  if (!existsSync(keyFile)) await writeDurableFile(keyFile, newControlKey());
  const control = await startControl({
    port: portsFrom(portBase).control,
    cloud,
    faults,
    key: readFileSync(keyFile, 'utf8'),
  });
  return async () => {
    await control.close();
    await cloud.close();
    lock.release();
  };
}

const close = await start(dataDir).catch(fail);
let stopping = false;
function stop(): void {
  if (stopping) return;
  stopping = true;
  close().then(() => process.exit(0), fail);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
if (process.connected) process.on('disconnect', stop);
process.stdout.write(`${JSON.stringify({ ready: true, portBase })}\n`);
