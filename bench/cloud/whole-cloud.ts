/** How soon the whole cloud serves after its process has started, and what it holds in memory when nobody asks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../measure.ts';
import type { BenchRow } from '../row.ts';
import { removeCloud, startRunningCloud } from './running-cloud.ts';

const ROUNDS = 5;
const IDLE_MS = 3000;

export async function run(): Promise<BenchRow[]> {
  const first = await startRunningCloud();
  await first.stop();
  const times: number[] = [];
  let resident = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const cloud = await startRunningCloud(first);
    times.push(cloud.readyMs);
    if (round === ROUNDS - 1) {
      await sleep(IDLE_MS);
      resident = await cloud.residentMegabytes();
    }
    await cloud.stop();
  }
  await removeCloud(first.dataDir);
  return [
    {
      name: 'whole cloud: ready after the first start, certificates and keys made',
      value: first.readyMs,
      unit: 'ms',
      bar: 1500,
      direction: 'max',
    },
    {
      name: 'whole cloud: ready after a later start',
      value: median(times),
      unit: 'ms',
      bar: 1500,
      direction: 'max',
    },
    {
      name: 'whole cloud: resident memory when idle, one silo',
      value: resident,
      unit: 'MB',
      bar: 200,
      direction: 'max',
    },
  ];
}
