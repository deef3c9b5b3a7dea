/**
 * Sets up a frozen round in a running embedded cloud and prints its key. Runs with the coordinator's environment;
 * the one argument is JSON: `{ cloud, round }`, see silo.ts and frozen-round.ts.
 */
import { azureServices } from '../../shared/azure/services.ts';
import { readSettings } from '../../shared/azure/settings.ts';
import { freezeLargeRound, type LargeRound } from './frozen-round.ts';
import type { RunningCloud } from './silo.ts';

const { cloud, round } = JSON.parse(process.argv[2] ?? '') as { cloud: RunningCloud; round: LargeRound };
const services = azureServices(readSettings(process.env));
const key = await freezeLargeRound(cloud, services, {
  ...round,
  report: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(`${JSON.stringify(key)}\n`, () => process.exit(0));
