/**
 * Sealed blobs to the next model's blob through the embedded Blob service and the official client, against downloading
 * the same bytes with as many requests at a time. The service runs in a process of its own.
 */
import { openFrozenSet } from '../../activities/open-frozen-set.ts';
import { freezeLargeRound } from '../../scripts/large-model/frozen-round.ts';
import { madeUpSchema } from '../../scripts/large-model/made-up-model.ts';
import { aggregate } from '../../shared/aggregation/aggregate.ts';
import { azureServices } from '../../shared/azure/services.ts';
import { readSettings } from '../../shared/azure/settings.ts';
import { type FrozenUpdate, frozenSet } from '../../shared/contracts/documents.ts';
import { strategySpec } from '../../shared/contracts/strategy-spec.ts';
import { strategyOf } from '../../shared/domain/strategies/resolve-strategy.ts';
import type { Services } from '../../shared/ports/services.ts';
import { removeCloud, startRunningCloud } from '../cloud/running-cloud.ts';
import { median } from '../measure.ts';
import type { BenchRow } from '../row.ts';

const SILOS = 10;
const AT_ONCE = 16;
const RANGE = 2 ** 20;

export async function throughBlobs({
  quick,
  report,
}: {
  quick: boolean;
  report: (line: string) => void;
}): Promise<BenchRow[]> {
  const bytes = quick ? 8_000_000 : 40_000_000;
  const cloud = await startRunningCloud();
  const before = { ...process.env };
  try {
    Object.assign(process.env, cloud.settings);
    const services = azureServices(readSettings(cloud.settings));
    const { dataDir, controlUrl, controlKey } = cloud;
    const key = await freezeLargeRound({ dataDir, controlUrl, controlKey }, services, {
      bytes,
      silos: SILOS,
    });
    const round = await services.experiments.readRound(key);
    if (!round?.frozen) throw new Error('the round was not frozen');
    const set = frozenSet.parse(JSON.parse((await services.archive.get(round.frozen.set)).toString()));
    const base = await services.experiments.readVersion(key.experiment, 0);
    if (base === undefined) throw new Error('there is no base');
    const opened = await openFrozenSet(set.updates, base.model.bytes, services);
    const fold = async (turn: number): Promise<void> => {
      const writer = services.models.begin(`bench/${turn}.safetensors`);
      const result = await aggregate(
        {
          schema: madeUpSchema(bytes),
          updates: opened.updates,
          strategy: strategyOf(strategySpec.parse({ kind: 'fedavg' }), { silos: SILOS }),
          scalars: {},
          base: services.models.filler(base.model.path),
          state: {},
          output: async () => (chunk) => writer.write(chunk),
        },
        { workers: 2 },
      );
      if (!result.ok) throw new Error(`${result.slug}: ${result.detail}`);
      await writer.commit();
    };
    const ratios: number[] = [];
    const rates: number[] = [];
    await fold(0);
    for (let turn = 1; turn <= 7; turn++) {
      const plain = await seconds(() => download(set.updates, services));
      const folded = await seconds(() => fold(turn));
      ratios.push(plain / folded);
      rates.push((SILOS * bytes) / 1e6 / folded);
      report(`turn ${turn} of 7: ${plain.toFixed(2)} s downloading, ${folded.toFixed(2)} s aggregating`);
    }
    opened.wipe();
    return [
      {
        name: `${SILOS} sealed blobs of ${bytes / 1e6} MB to a new model's blob, against downloading them`,
        value: median(ratios),
        unit: 'x',
        bar: 0.85,
        direction: 'min',
        peer: `${Math.max(...rates).toFixed(0)} MB/s of updates at best`,
      },
    ];
  } finally {
    for (const name of Object.keys(cloud.settings)) delete process.env[name];
    Object.assign(process.env, before);
    await cloud.stop();
    await removeCloud(cloud.dataDir);
  }
}

/** Reads every update once, in ranges, and drops it. */
async function download(updates: readonly FrozenUpdate[], services: Services): Promise<void> {
  const ranges = updates.flatMap(({ silo, pin }) => {
    const fill = services.updates.filler(silo, pin);
    return Array.from({ length: Math.ceil(pin.bytes / RANGE) }, (_, i) => ({
      fill,
      offset: i * RANGE,
      length: Math.min(RANGE, pin.bytes - i * RANGE),
    }));
  });
  const next = ranges.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      const target = new Uint8Array(RANGE);
      for (const { fill, offset, length } of next) await fill(offset, target.subarray(0, length));
    }),
  );
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1_000;
}
