/** The short form of the measurement on large models: a few mebibytes through the same processes. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { aggregateRound } from '../../activities/descriptors.ts';
import { removeCloud, startRunningCloud } from '../../bench/cloud/running-cloud.ts';
import { madeUpPlaintext, madeUpSchema } from '../../scripts/large-model/made-up-model.ts';
import { runProcess } from '../../scripts/large-model/run-process.ts';
import { plaintextLength } from '../../shared/tensors/schema.ts';

const MODEL_BYTES = 3_000_000;

let cloud: Awaited<ReturnType<typeof startRunningCloud>>;
beforeAll(async () => {
  cloud = await startRunningCloud();
});
afterAll(async () => {
  await cloud.stop();
  await removeCloud(cloud.dataDir);
});

it('makes a round of sealed updates that aggregate-round opens and folds', async () => {
  const { dataDir, controlUrl, controlKey, settings } = cloud;
  const key = await runProcess(
    'scripts/large-model/set-up-process.ts',
    {
      cloud: { dataDir, controlUrl, controlKey },
      round: { bytes: MODEL_BYTES, silos: 3, tensors: 4, seed: 7 },
    },
    settings,
  );
  const printed = await runProcess('scripts/large-model/aggregate-process.ts', key, settings);
  const { outcome, peakMebibytes } = z
    .object({ outcome: aggregateRound.output, peakMebibytes: z.number() })
    .parse(printed);
  if (outcome.kind !== 'aggregated') throw new Error(JSON.stringify(outcome));
  expect(outcome.model.bytes).toBe(plaintextLength(madeUpSchema(MODEL_BYTES, 4)));
  expect(outcome.model.sha256).toBe(await averageOf([8, 9, 10], 7));
  expect(peakMebibytes).toBeGreaterThan(0);
}, 120_000);

it('gives other numbers for another seed, and the same for the same', async () => {
  expect(await digestOf(1)).toBe(await digestOf(1));
  expect(await digestOf(1)).not.toBe(await digestOf(2));
});

/** The base plus the mean of updates of equal weight, each element rounded once to float32. */
async function averageOf(seeds: readonly number[], base: number): Promise<string> {
  const schema = madeUpSchema(MODEL_BYTES, 4);
  const read = async (seed: number): Promise<Buffer> => {
    const pieces: Buffer[] = [];
    for await (const piece of madeUpPlaintext(schema, seed)) pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces);
  };
  const model = await read(base);
  const updates = await Promise.all(seeds.map(read));
  const header = 8 + Number(model.readBigUInt64LE(0));
  for (let at = header; at < model.length; at += 4) {
    const sum = updates.reduce((so, update) => so + 100 * update.readFloatLE(at), 0);
    model.writeFloatLE(model.readFloatLE(at) + sum / (100 * seeds.length), at);
  }
  return createHash('sha256').update(model).digest('hex');
}

async function digestOf(seed: number): Promise<string> {
  const digest = createHash('sha256');
  for await (const piece of madeUpPlaintext(madeUpSchema(100_000, 3), seed)) digest.update(piece);
  return digest.digest('hex');
}
