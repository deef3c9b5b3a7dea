/**
 * Computes every model version of an experiment again, from its frozen set, its base and the sealed updates as they
 * lie in the cloud, and prints what came out. Runs with the coordinator's environment, beside the coordinator.
 */
import { createHash } from 'node:crypto';
import { azureServices } from '../../shared/azure/services.ts';
import { readSettings } from '../../shared/azure/settings.ts';
import {
  type FrozenSet,
  type FrozenUpdate,
  frozenSet,
  type VersionDocument,
} from '../../shared/contracts/documents.ts';
import { sealedReply } from '../../shared/contracts/manifest.ts';
import type { StrategySpec } from '../../shared/contracts/spec.ts';
import { strategyOf } from '../../shared/domain/strategies/strategy-of.ts';
import type { Services } from '../../shared/ports/services.ts';
import { openRanges } from '../../shared/sealing/open.ts';
import { aggregateUpdates } from '../../shared/tensors/aggregate.ts';
import { readModelSchema } from '../../shared/tensors/model-schema.ts';
import type { ReadRange } from '../../shared/tensors/read-range.ts';
import type { Recomputed } from './recompute.ts';

/** Another block size than the coordinator's: a model must not depend on it. */
const blockBytes = 1_024;

const [, , experiment = ''] = process.argv;
const services = azureServices(readSettings(process.env));
const document = await services.experiments.readExperiment(experiment);
if (document === undefined) throw new Error(`there is no experiment ${experiment}`);
const versions = await services.experiments.listVersions(experiment);
const answers: Recomputed[] = [];
for (const version of versions) answers.push(await recompute(version, document.spec.strategy));
process.stdout.write(`${JSON.stringify(answers)}\n`, () => process.exit(0));

async function recompute(version: VersionDocument, strategy: StrategySpec): Promise<Recomputed> {
  const key = { experiment, round: version.round, attempt: version.attempt };
  const round = await services.experiments.readRound(key);
  if (round?.frozen === null || round?.frozen === undefined) {
    throw new Error(`version ${version.version} comes from a round that froze nothing`);
  }
  const set = frozenSet.parse(JSON.parse((await services.archive.get(round.frozen.set)).toString()));
  const admitted = await services.experiments.listParticipations(key, 'admitted');
  const digest = createHash('sha256');
  for (const chunk of await modelOf(set, strategy)) digest.update(chunk);
  return {
    version: version.version,
    published: version.model.sha256,
    recomputed: digest.digest('hex'),
    frozenSetPublished: version.frozenSet === round.frozen.set.sha256,
    silos: set.updates.map(({ silo }) => silo),
    admitted: admitted.map(({ silo }) => silo).sort(),
  };
}

async function modelOf(set: FrozenSet, strategy: StrategySpec): Promise<Uint8Array[]> {
  const updates = await Promise.all(set.updates.map((update) => openUpdate(update, services)));
  if (set.base === null) {
    const [only] = updates;
    if (only === undefined || updates.length !== 1) throw new Error('an initial model comes from one silo');
    return [await only.readPlaintext(0, only.bytes)];
  }
  const parent = await services.experiments.readVersion(experiment, set.base.version);
  if (parent === undefined) throw new Error(`version ${set.base.version} is missing`);
  const base = services.models.reader(parent.model.path);
  const schema = await readModelSchema(base, parent.model.bytes);
  const chunks: Uint8Array[] = [];
  const result = await aggregateUpdates({
    schema,
    base,
    updates,
    strategy: strategyOf(strategy),
    blockBytes,
    write: async (chunk) => void chunks.push(Buffer.from(chunk)),
  });
  if (!result.ok) throw new Error(result.detail);
  return chunks;
}

async function openUpdate(
  update: FrozenUpdate,
  { archive, keys, updates }: Services,
): Promise<{ weight: number; bytes: number; readPlaintext: ReadRange }> {
  const { m: manifest } = sealedReply.parse(JSON.parse((await archive.get(update.manifest)).toString()));
  const dek = await keys.unwrap(manifest.h.kek.kid, Buffer.from(manifest.wk, 'base64url'));
  const readCiphertext = updates.reader(update.silo, update.pin);
  const { readPlaintext } = await openRanges({ manifest, dek, readCiphertext });
  return { weight: update.weight, bytes: manifest.h.len, readPlaintext };
}
