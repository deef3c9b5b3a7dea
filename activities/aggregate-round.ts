import type * as z from 'zod';
import { aggregate } from '../shared/aggregation/aggregate.ts';
import { deployedStrategy } from '../shared/aggregation/load-module.ts';
import type { Output as File } from '../shared/aggregation/output.ts';
import {
  type BlobReference,
  type ExperimentDocument,
  type FrozenSet,
  frozenSet,
  type ModelPointer,
  modelPointer,
  type StrategyState,
} from '../shared/contracts/documents.ts';
import type { AttemptKey } from '../shared/contracts/identifiers.ts';
import type { ExperimentSpec } from '../shared/contracts/spec.ts';
import { paths } from '../shared/domain/resources.ts';
import { roundEvidenceOf } from '../shared/domain/round-evidence.ts';
import type { Strategy, StrategyScalars } from '../shared/domain/strategies/decision.ts';
import { lackOfTensors } from '../shared/domain/strategies/needed-tensors.ts';
import { strategyOf } from '../shared/domain/strategies/resolve-strategy.ts';
import { StrategyFault } from '../shared/domain/strategies/strategy-fault.ts';
import type { BlobWriter } from '../shared/ports/blobs.ts';
import type { Services } from '../shared/ports/services.ts';
import { canonicalJson } from '../shared/sealing/canonical-json.ts';
import { FLSE } from '../shared/sealing/floe.ts';
import { encodedSchema } from '../shared/tensors/encoding/encoded-schema.ts';
import { readModelSchema } from '../shared/tensors/model-schema.ts';
import { plaintextLength, schemaDigest } from '../shared/tensors/schema.ts';
import { AttemptFailed } from './attempt-failed.ts';
import { AggregationCancelled, betweenShards } from './between-shards.ts';
import { aggregateRound } from './descriptors.ts';
import { openFrozenSet, openPlaintext } from './open-frozen-set.ts';
import { implement } from './run-activity.ts';
import { shardsOf } from './shard-checkpoints.ts';

type Input = z.infer<typeof aggregateRound.input>;
type Output = z.infer<typeof aggregateRound.output>;

/**
 * Reads exactly the frozen set, at the pinned versions, and writes the next global model and the strategy's state.
 * Their bytes depend on that set, the base and its state, and the declared sum mode. The set is never made smaller: an
 * update that has become unreadable fails the attempt. A large model is made shard by shard: repeated after a crash,
 * this goes on where it stopped. Read next: publish-model.
 */
export const aggregateRoundActivity = implement(
  aggregateRound,
  async (key: Input, services: Services): Promise<Output> => {
    const round = await services.experiments.readRound(key);
    const experiment = await services.experiments.readExperiment(key.experiment);
    if (round?.frozen === null || round?.frozen === undefined || experiment === undefined) {
      throw new Error('the round has no frozen set');
    }
    const set = frozenSet.parse(JSON.parse((await services.archive.get(round.frozen.set)).toString()));
    const { sha256 } = round.frozen.set;
    const outcome = await outcomeOf(key, set, sha256, experiment, services);
    // All is decided: another run of this activity comes to the same without them.
    if ((set.base?.bytes ?? 0) > services.aggregation.shardBytes) {
      await shardsOf(key, sha256, services).remove();
    }
    return outcome;
  },
);

async function outcomeOf(
  key: Input,
  set: FrozenSet,
  setDigest: string,
  experiment: ExperimentDocument,
  services: Services,
): Promise<Output> {
  const found = await services.archive.find(paths.aggregated(key.experiment, key.round, key.attempt));
  if (found !== undefined) return { kind: 'aggregated', model: pointerOf(found.bytes) };
  try {
    const model =
      set.base === null
        ? await copyInitialModel(set, setDigest, experiment.spec, services)
        : await foldSet(set, setDigest, experiment, services);
    return { kind: 'aggregated', model: await record(key, model, services) };
  } catch (error) {
    if (error instanceof AggregationCancelled) return { kind: 'cancelled' };
    if (error instanceof AttemptFailed) {
      return { kind: 'failed', reason: { slug: error.slug, detail: error.message } };
    }
    throw error;
  }
}

/** What was made is written down last: a repeated activity that finds it has nothing left to do. */
async function record(key: AttemptKey, model: ModelPointer, services: Services): Promise<ModelPointer> {
  const path = paths.aggregated(key.experiment, key.round, key.attempt);
  const { bytes } = await services.archive.putOrRead(path, Buffer.from(canonicalJson(model)));
  return pointerOf(bytes);
}

function pointerOf(bytes: Buffer): ModelPointer {
  return modelPointer.parse(JSON.parse(bytes.toString()));
}

async function foldSet(
  set: FrozenSet,
  setDigest: string,
  { spec }: ExperimentDocument,
  services: Services,
): Promise<ModelPointer> {
  const base = await services.experiments.readVersion(set.experiment, set.base?.version ?? 0);
  if (base === undefined || base.model.sha256 !== set.base?.sha256) {
    throw new Error('the base model of this round is not a published version');
  }
  const { models } = services;
  const schema = await readModelSchema(models.reader(base.model.path), base.model.bytes);
  const version = set.base.version + 1;
  const strategy = await resolve(spec);
  const writers = new Map<File, BlobWriter>();
  const { encoding } = spec.training;
  const sent = encoding === undefined ? schema : encodedSchema(schema, encoding);
  const opened = await openFrozenSet(set.updates, plaintextLength(sent), services);
  try {
    const result = await aggregate(
      {
        schema,
        encoding,
        updates: opened.updates,
        strategy,
        scalars: set.state?.scalars ?? {},
        base: models.filler(base.model.path),
        state: Object.fromEntries(
          Object.entries(set.state?.tensors ?? {}).map(([name, { path }]) => [name, models.filler(path)]),
        ),
        output: async (name) => {
          const writer = models.begin(outputPath(name, set, version, setDigest));
          writers.set(name, writer);
          return (chunk) => writer.write(chunk);
        },
      },
      {
        workers: services.aggregation.workers,
        checkpoints: shardsOf(set, setDigest, services, betweenShards(set, base.model.bytes, services)),
      },
    );
    if (!result.ok) {
      const whose = 'silo' in result ? `${result.silo}: ` : '';
      throw new AttemptFailed(result.slug, `${whose}${result.detail}`);
    }
    const evidence = canonicalJson(roundEvidenceOf(set, setDigest, result));
    await services.archive.putOrRead(
      paths.evidence(set.experiment, set.round, set.attempt),
      Buffer.from(evidence),
    );
    const blobs = new Map<File, BlobReference>();
    for (const [name, writer] of writers) blobs.set(name, await writer.commit());
    const model = blobs.get('model');
    if (model === undefined) throw new Error('no model was written');
    const state = stateOf(result.decision.scalars, blobs);
    return { version, ...model, schema: schemaDigest(schema), ...(state === undefined ? {} : { state }) };
  } finally {
    opened.wipe();
  }
}

/** @throws AttemptFailed where the deployed app has no such strategy. */
async function resolve({ strategy, silos }: ExperimentSpec): Promise<Strategy> {
  try {
    const own = strategy.kind === 'module' ? { userStrategy: await deployedStrategy(strategy.module) } : {};
    return strategyOf(strategy, { silos: silos.length, ...own });
  } catch (error) {
    if (error instanceof StrategyFault) throw new AttemptFailed('strategy-precondition', error.message);
    throw error;
  }
}

function outputPath(name: File, set: FrozenSet, version: number, setDigest: string): string {
  const { experiment, round, attempt } = set;
  return name === 'model'
    ? paths.model(experiment, version, round, attempt, setDigest)
    : paths.state(experiment, version, round, attempt, setDigest, name);
}

/** What the strategy finds again beside the new version; undefined where it keeps nothing. */
function stateOf(
  scalars: StrategyScalars,
  blobs: ReadonlyMap<File, BlobReference>,
): StrategyState | undefined {
  const [m, v] = [blobs.get('m'), blobs.get('v')];
  if (Object.keys(scalars).length === 0 && m === undefined && v === undefined) return undefined;
  return { scalars, tensors: { ...(m === undefined ? {} : { m }), ...(v === undefined ? {} : { v }) } };
}

/** Version 0 from a silo: its update is the whole model. @throws AttemptFailed where the strategy needs others. */
async function copyInitialModel(
  set: FrozenSet,
  setDigest: string,
  { strategy }: ExperimentSpec,
  services: Services,
): Promise<ModelPointer> {
  const [only] = set.updates;
  if (only === undefined) throw new Error('the initial round froze no update');
  const initial = await openPlaintext(only, services);
  try {
    const lack = lackOfTensors(strategy, await readModelSchema(initial.read, initial.bytes));
    if (lack !== undefined) throw new AttemptFailed('strategy-precondition', lack);
    const writer = services.models.begin(paths.model(set.experiment, 0, set.round, set.attempt, setDigest));
    const block = 16 * FLSE.segmentPlaintext;
    for (let offset = 0; offset < initial.bytes; offset += block) {
      await writer.write(await initial.read(offset, Math.min(block, initial.bytes - offset)));
    }
    return { version: 0, ...(await writer.commit()), schema: initial.schema };
  } finally {
    initial.wipe();
  }
}
