/**
 * Runs the activity `aggregate-round` and prints its outcome, seconds and peak of resident memory. Runs with the
 * coordinator's environment; the one argument is the round's key as JSON.
 */
import { readFileSync } from 'node:fs';
import { aggregateRoundActivity } from '../../activities/aggregate-round.ts';
import { azureServices } from '../../shared/azure/services.ts';
import { readSettings } from '../../shared/azure/settings.ts';

const key: unknown = JSON.parse(process.argv[2] ?? '');
const services = azureServices(readSettings(process.env));
const begun = performance.now();
const outcome = await aggregateRoundActivity.run(key, services);
const seconds = (performance.now() - begun) / 1_000;
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1_024;
process.stdout.write(`${JSON.stringify({ outcome, seconds, peakMebibytes: peak })}\n`, () => process.exit(0));
