/**
 * An experiment whose first round is frozen and waits for the activity `aggregate-round`: a base model and one sealed
 * update of every silo, as blobs of a running embedded cloud. Written by the product's own code, streamed, without a
 * file in between.
 */
import { ulid } from 'ulid';
import { closeRoundActivity } from '../../activities/close-round.ts';
import { openRoundActivity } from '../../activities/open-round.ts';
import { type BlobReference, versionDocumentId } from '../../shared/contracts/documents.ts';
import type { AttemptKey } from '../../shared/contracts/identifiers.ts';
import { signedPlan } from '../../shared/contracts/plan.ts';
import { experimentSpec } from '../../shared/contracts/spec.ts';
import type { TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import { paths } from '../../shared/domain/resources.ts';
import type { Services } from '../../shared/ports/services.ts';
import { canonicalJson } from '../../shared/sealing/canonical-json.ts';
import { bodyDigest } from '../../shared/sealing/signature.ts';
import { schemaDigest } from '../../shared/tensors/schema.ts';
import { madeUpPlaintext, madeUpSchema } from './made-up-model.ts';
import { type OpenedRound, sendUpdate } from './send-update.ts';
import { type LargeSilo, largeSilo, type RunningCloud } from './silo.ts';

export interface LargeRound {
  /** Of the model's tensors, about. */
  readonly bytes: number;
  readonly silos: number;
  readonly tensors?: number;
  /** As in the specification of an experiment. */
  readonly strategy?: unknown;
  /** Of the numbers in model and updates. */
  readonly seed?: number;
  readonly report?: (line: string) => void;
}

/** Base model, experiment and roster are there and the round is open; nobody has replied. */
export async function openLargeRound(
  cloud: RunningCloud,
  services: Services,
  round: LargeRound,
): Promise<OpenedRound> {
  const ids = Array.from({ length: round.silos }, (_, i) => `large-${String(i + 1).padStart(2, '0')}`);
  const silos: LargeSilo[] = [];
  for (const id of ids) silos.push(await largeSilo(cloud, id));
  for (const { id, entry } of silos) {
    if ((await services.roster.read(id)) === undefined) await services.roster.put(entry);
  }
  const schema = madeUpSchema(round.bytes, round.tensors);
  const experiment = `exp-${ulid().toLowerCase()}`;
  const base = await writeBase(`${experiment}/v0/made-up.safetensors`, schema, round, services);
  await writeExperiment(experiment, base, schema, round, ids, services);
  const key: AttemptKey = { experiment, round: 1, attempt: 1 };
  await openRoundActivity.run({ ...key, task: 'train', at: new Date().toISOString() }, services);
  const stored = await services.archive.find(paths.plan(experiment, key.round, key.attempt));
  if (stored === undefined) throw new Error('the round was not opened');
  const { plan } = signedPlan.parse(JSON.parse(stored.bytes.toString()));
  return { key, plan, schema, silos };
}

/** Everything up to the frozen set. `aggregateRoundActivity.run(key, services)` is what comes next. */
export async function freezeLargeRound(
  cloud: RunningCloud,
  services: Services,
  round: LargeRound,
): Promise<AttemptKey> {
  const opened = await openLargeRound(cloud, services, round);
  for (const [index, silo] of opened.silos.entries()) {
    await sendUpdate(opened, silo, (round.seed ?? 1) + index + 1, services);
    round.report?.(`${silo.id} sent ${opened.plan.base?.bytes} bytes`);
  }
  const closed = await closeRoundActivity.run({ ...opened.key, at: new Date().toISOString() }, services);
  if (closed.kind !== 'closed') throw new Error(`the round was not frozen: ${canonicalJson(closed)}`);
  return opened.key;
}

async function writeBase(
  path: string,
  schema: TensorSchema,
  { seed = 1, report }: LargeRound,
  { models }: Services,
): Promise<BlobReference> {
  const writer = models.begin(path);
  for await (const piece of madeUpPlaintext(schema, seed)) await writer.write(piece);
  const base = await writer.commit();
  report?.(`the base model has ${base.bytes} bytes`);
  return base;
}

async function writeExperiment(
  experimentId: string,
  base: BlobReference,
  schema: TensorSchema,
  { strategy }: LargeRound,
  silos: readonly string[],
  services: Services,
): Promise<void> {
  const at = new Date().toISOString();
  const spec = experimentSpec.parse({
    name: 'a large model',
    silos,
    rounds: 1,
    initialModel: { kind: 'upload', sha256: base.sha256 },
    training: { maxUpdateBytes: Math.max(base.bytes, 1_024) },
    ...(strategy === undefined ? {} : { strategy }),
  });
  await services.experiments.createExperiment({
    id: 'experiment',
    kind: 'experiment',
    experimentId,
    status: 'running',
    spec,
    specDigest: bodyDigest(spec),
    requested: null,
    currentRound: null,
    pointer: null,
    best: null,
    sinceBest: 0,
    createdAt: at,
    createdBy: 'large-model',
    startedAt: at,
    endedAt: null,
    reason: null,
  });
  const pointer = { version: 0, ...base, schema: schemaDigest(schema) };
  await services.experiments.publishVersion({
    round: null,
    pointer,
    document: {
      id: versionDocumentId(0),
      kind: 'version',
      experimentId,
      version: 0,
      parent: null,
      round: 0,
      attempt: 1,
      model: pointer,
      frozenSet: null,
      strategy: 'upload',
      sumMode: 'none',
      silos: 0,
      createdAt: at,
    },
  });
}
