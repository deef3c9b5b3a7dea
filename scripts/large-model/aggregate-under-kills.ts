/** Aggregates a round of large updates in a process that is killed on the way, and looks at what came of it. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { aggregateRound } from '../../activities/descriptors.ts';
import { removeCloud, startRunningCloud } from '../../bench/cloud/running-cloud.ts';
import { azureServices } from '../../shared/azure/services.ts';
import { readSettings } from '../../shared/azure/settings.ts';
import { type AttemptKey, attemptKey } from '../../shared/contracts/identifiers.ts';
import type { Services } from '../../shared/ports/services.ts';
import { expectedDigest } from './expected-digest.ts';
import { madeUpSchema } from './made-up-model.ts';
import type { LargeModelOptions } from './options.ts';
import { runProcess, startProcess } from './run-process.ts';
import { UPDATE_WEIGHT } from './send-update.ts';

export interface LargeModelReport {
  readonly bytes: number;
  readonly silos: number;
  /** Bytes of the new model that were made when each kill came. */
  readonly killedAt: readonly number[];
  readonly sha256: string;
  /** Whether that is the digest which was worked out apart. */
  readonly isExpected: boolean;
  /** Of the processes that aggregated, each from its start until it ended or was killed. */
  readonly seconds: readonly number[];
  readonly peakMebibytes: readonly number[];
}

const printedReport = z.object({
  outcome: aggregateRound.output,
  seconds: z.number(),
  peakMebibytes: z.number(),
});
const SEED = 1;

export async function aggregateUnderKills(
  { bytes, silos, shardMib, kills }: LargeModelOptions,
  say: (line: string) => void,
): Promise<LargeModelReport> {
  const cloud = await startRunningCloud();
  try {
    const { dataDir, controlUrl, controlKey } = cloud;
    const settings = { ...cloud.settings, TRIBUTARY_AGGREGATION_SHARD_MIB: String(shardMib) };
    const setUp = {
      cloud: { dataDir, controlUrl, controlKey },
      round: { bytes, silos, seed: SEED },
    };
    const seeds = Array.from({ length: silos }, (_, i) => SEED + i + 1);
    const [key, expected] = await Promise.all([
      runProcess('scripts/large-model/set-up-process.ts', setUp, settings).then((key) =>
        attemptKey.parse(key),
      ),
      expectedDigest(madeUpSchema(bytes), SEED, seeds, UPDATE_WEIGHT),
    ]);
    Object.assign(process.env, settings);
    const services = azureServices(readSettings(settings));
    const killedAt: number[] = [];
    const seconds: number[] = [];
    const peakMebibytes: number[] = [];
    for (;;) {
      const begun = performance.now();
      const life = await startProcess('scripts/large-model/aggregate-process.ts', key, settings);
      if (killedAt.length < kills) {
        const aim = (bytes * (killedAt.length + 1)) / (kills + 1);
        const made = await madeAtLeast(aim, key, services, life.printed, say);
        peakMebibytes.push(peakOf(life.pid));
        if (made !== undefined) {
          process.kill(life.pid, 'SIGKILL');
          say(`killed when ${made} bytes were made`);
          killedAt.push(made);
        }
      }
      const printed = await life.printed;
      seconds.push(Math.round((performance.now() - begun) / 100) / 10);
      if (printed === undefined) continue;
      const { outcome, peakMebibytes: peak } = printedReport.parse(printed);
      if (outcome.kind !== 'aggregated') throw new Error(`no model was made: ${JSON.stringify(outcome)}`);
      const { sha256 } = outcome.model;
      return {
        bytes: outcome.model.bytes,
        silos,
        killedAt,
        sha256,
        isExpected: sha256 === expected,
        seconds,
        peakMebibytes: [...peakMebibytes.slice(0, killedAt.length), Math.round(peak)],
      };
    }
  } finally {
    await cloud.stop();
    await removeCloud(cloud.dataDir);
  }
}

/** Waits until so much is kept of the new model; undefined where the process ended before. */
async function madeAtLeast(
  bytes: number,
  key: AttemptKey,
  services: Services,
  printed: Promise<unknown>,
  say: (line: string) => void,
): Promise<number | undefined> {
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  printed.then(end, end);
  for (let said = 0; !ended; await sleep(50)) {
    const made = (await services.experiments.readRound(key))?.aggregation?.doneBytes ?? 0;
    if (made > said) say(`${made} bytes made`);
    said = made;
    if (made >= bytes) return made;
  }
  return undefined;
}

/** The most memory, in MiB, that the process has held so far (`VmHWM` of proc(5)). */
function peakOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1_024);
}
