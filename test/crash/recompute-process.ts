/**
 * Computes every model version of an experiment again, from its frozen set, its base and the sealed updates as they
 * lie in the cloud, and prints what came out. Runs with the coordinator's environment, beside the coordinator, and
 * shares none of its arithmetic: a plan is carried out coordinate by coordinate.
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
import { strategyOf } from '../../shared/domain/strategies/resolve-strategy.ts';
import type { Services } from '../../shared/ports/services.ts';
import { openRanges } from '../../shared/sealing/open.ts';
import { readModelSchema } from '../../shared/tensors/model-schema.ts';
import type { ReadRange } from '../../shared/tensors/read-range.ts';
import { plainFold } from '../aggregation/plain-fold.ts';
import type { Recomputed } from './recompute.ts';

const [, , experiment = ''] = process.argv;
const services = azureServices(readSettings(process.env));
const document = await services.experiments.readExperiment(experiment);
if (document === undefined) throw new Error(`there is no experiment ${experiment}`);
const silos = document.spec.silos.length;
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
  const rule = strategyOf(strategy, { silos });
  if (rule.statistics !== 'none') throw new Error(`${rule.kind} decides by what this does not measure`);
  const scalars = set.state?.scalars ?? {};
  const { plan } = rule.decide(set.updates, rule.scales(set.updates, scalars), {}, scalars);
  const { model } = plainFold(
    schema,
    await base(0, parent.model.bytes),
    await Promise.all(updates.map(({ bytes, readPlaintext }) => readPlaintext(0, bytes))),
    plan,
    { m: await stateOf(set, 'm'), v: await stateOf(set, 'v') },
  );
  return [model];
}

/** The float32 values of a state tensor's file; none where the strategy kept none yet. */
async function stateOf(set: FrozenSet, name: 'm' | 'v'): Promise<number[]> {
  const blob = set.state?.tensors[name];
  if (blob === undefined) return [];
  const bytes = await services.models.reader(blob.path)(0, blob.bytes);
  const header = 8 + Number(bytes.readBigUInt64LE(0));
  return Array.from({ length: (bytes.length - header) / 4 }, (_, i) => bytes.readFloatLE(header + 4 * i));
}

async function openUpdate(
  update: FrozenUpdate,
  { archive, keys, updates }: Services,
): Promise<{ weight: number; bytes: number; readPlaintext: ReadRange }> {
  const { m: manifest } = sealedReply.parse(JSON.parse((await archive.get(update.manifest)).toString()));
  const dek = await keys.unwrap(manifest.h.kek.kid, Buffer.from(manifest.wk, 'base64url'));
  const fill = updates.filler(update.silo, update.pin);
  const readCiphertext = async (offset: number, length: number): Promise<Buffer> => {
    const target = Buffer.alloc(length);
    await fill(offset, target);
    return target;
  };
  const { readPlaintext } = await openRanges({ manifest, dek, readCiphertext });
  return { weight: update.weight, bytes: manifest.h.len, readPlaintext };
}
