/**
 * Runs the activity `aggregate-round` as the app does and prints its outcome, seconds and peak of resident memory. Runs
 * with the coordinator's environment; the one argument is the round's key as JSON.
 */
import { readFileSync } from 'node:fs';
import { preferSmallHeap } from '../../shared/memory/prefer-small-heap.ts';

preferSmallHeap();
const { aggregateRoundActivity } = await import('../../activities/aggregate-round.ts');
const { azureServices } = await import('../../shared/azure/services.ts');
const { readSettings } = await import('../../shared/azure/settings.ts');

const key: unknown = JSON.parse(process.argv[2] ?? '');
const services = azureServices(readSettings(process.env));
const begun = performance.now();
const outcome = await aggregateRoundActivity.run(key, services);
const seconds = (performance.now() - begun) / 1_000;
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1_024;
process.stdout.write(`${JSON.stringify({ outcome, seconds, peakMebibytes: peak })}\n`, () => process.exit(0));
