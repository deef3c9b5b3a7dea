/**
 * The silo agent's process: `--config silo.yaml [--check] [--json]`. Exit codes: 0 stopped by a signal (or all checks
 * passed), 1 fatal, 2 a configuration that cannot work.
 */
import { parseArgs } from 'node:util';
import { connect } from './azure/connect.ts';
import { ConfigError, readConfig, type SiloConfig } from './config.ts';
import { type Log, reasonOf, startLog } from './log.ts';
import { type CheckResult, preflight } from './preflight.ts';
import { runAgent } from './run-agent.ts';

const VERSION = 'tributary-agent/0.1.0';
const USAGE = 'usage: agent --config silo.yaml [--check] [--json]';

async function main(): Promise<number> {
  const args = readArguments();
  if (args === undefined) return 2;
  const log = startLog({ json: args.json, now: Date.now, write: (line) => process.stderr.write(line) });
  let config: SiloConfig;
  try {
    config = await readConfig(args.config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (args.json) log('error', 'config-invalid', { reason: error.message });
    else process.stderr.write(`${error.message}\n`);
    return 2;
  }
  return args.check ? check(config, args.json, log) : serve(config, log);
}

function readArguments(): { config: string; check: boolean; json: boolean } | undefined {
  try {
    const { values } = parseArgs({
      options: {
        config: { type: 'string' },
        check: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    if (values.config !== undefined) return { ...values, config: values.config };
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n`);
  }
  process.stderr.write(`${USAGE}\n`);
  return undefined;
}

async function check(config: SiloConfig, json: boolean, log: Log): Promise<number> {
  const { world, tokenFor, close } = connect(config, log);
  const results = await preflight(config, world, tokenFor);
  await close();
  process.stdout.write(json ? `${JSON.stringify({ silo: config.silo, checks: results })}\n` : table(results));
  return results.every((result) => result.ok) ? 0 : 2;
}

function table(results: readonly CheckResult[]): string {
  return results
    .map(({ check: name, ok, detail, mend }) => {
      const line = `${ok ? 'ok     ' : 'problem'}  ${name}: ${detail}\n`;
      return mend === undefined ? line : `${line}         to mend it: ${mend}\n`;
    })
    .join('');
}

async function serve(config: SiloConfig, log: Log): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.abort());
  // Started by another process: no orphan stays behind when that one goes.
  process.on('disconnect', () => stop.abort());
  const { world, close } = connect(config, log);
  try {
    await runAgent({ config, world, log, agent: VERSION }, stop.signal);
    return 0;
  } catch (error) {
    log('error', 'agent-failed', { reason: reasonOf(error) });
    return 1;
  } finally {
    await close();
  }
}

try {
  process.exit(await main());
} catch (error) {
  process.stderr.write(`agent failed: ${reasonOf(error)}\n`);
  process.exit(1);
}
