/**
 * The host as a process: `--app <directory or entry> --data <directory> --port <number> [--settings <file>]`.
 * Prints one JSON line on stdout when it serves; stops cleanly on SIGTERM, SIGINT and when its parent goes away.
 */
import { parseArgs } from 'node:util';
import { startFunctionsHost } from './host.ts';

const { values } = parseArgs({
  options: {
    app: { type: 'string' },
    data: { type: 'string' },
    port: { type: 'string', default: '7071' },
    settings: { type: 'string' },
  },
});

function fail(reason: unknown): never {
  process.stderr.write(`${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}\n`);
  process.exit(1);
}

const { app, data, settings } = values;
const port = Number(values.port);
if (app === undefined || data === undefined || !Number.isInteger(port) || port < 0 || port > 65_535) {
  fail('usage: --app <directory or entry> --data <directory> [--port <number>] [--settings <file>]');
}

// A rejection that nobody awaits is a fault of one function; what is acknowledged is on disk either way.
process.on('unhandledRejection', (reason) => {
  process.stderr.write(`unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}\n`);
});

const host = await startFunctionsHost({
  appEntry: app,
  dataDir: data,
  port,
  ...(settings === undefined ? {} : { settingsFile: settings }),
}).catch(fail);

let stopping = false;
function stop(): void {
  if (stopping) return;
  stopping = true;
  // The Service Bus client keeps timers for minutes, so the process ends itself.
  host.close().then(() => process.exit(0), fail);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
if (process.connected) process.on('disconnect', stop);

process.stdout.write(`${JSON.stringify({ ready: true, port: host.port })}\n`);
