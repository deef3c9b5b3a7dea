import type * as z from 'zod';
import {
  type FrozenSet,
  type FrozenUpdate,
  frozenSet,
  type ModelPointer,
  type RoundDocument,
} from '../shared/contracts/documents.ts';
import { sealedReply, type UpdateManifest } from '../shared/contracts/manifest.ts';
import type { Slug } from '../shared/contracts/refusals.ts';
import type { StrategySpec } from '../shared/contracts/spec.ts';
import { paths } from '../shared/domain/resources.ts';
import { strategyOf } from '../shared/domain/strategies/strategy-of.ts';
import { UnwrapRefused } from '../shared/ports/key-ring.ts';
import type { Services } from '../shared/ports/services.ts';
import { FloeRefused } from '../shared/sealing/floe.ts';
import { openRanges } from '../shared/sealing/open.ts';
import { aggregateUpdates } from '../shared/tensors/aggregate.ts';
import { readModelSchema } from '../shared/tensors/model-schema.ts';
import type { ReadRange } from '../shared/tensors/read-range.ts';
import { aggregateRound } from './descriptors.ts';
import { implement } from './run-activity.ts';

type Input = z.infer<typeof aggregateRound.input>;
type Output = z.infer<typeof aggregateRound.output>;

/** What makes an attempt fail with a reason: an update of the frozen set that cannot be read any more, or overflow. */
class AttemptFailed extends Error {
  readonly slug: Slug;
  constructor(slug: Slug, message: string) {
    super(message);
    this.slug = slug;
  }
}

/**
 * Reads exactly the frozen set, at the pinned versions, and writes the next global model. Its bytes depend on that
 * set, the base and the declared sum mode. The set is never made smaller: an update that has become unreadable fails
 * the attempt. Read next: publish-model.
 */
export const aggregateRoundActivity = implement(
  aggregateRound,
  async (key: Input, services: Services): Promise<Output> => {
    const round = await services.experiments.readRound(key);
    const experiment = await services.experiments.readExperiment(key.experiment);
    if (round?.frozen === null || round?.frozen === undefined || experiment === undefined) {
      throw new Error('the round has no frozen set');
    }
    if (round.model !== null) return { kind: 'aggregated', model: round.model };
    const set = frozenSet.parse(JSON.parse((await services.archive.get(round.frozen.set)).toString()));
    try {
      const model = await aggregate(round, set, round.frozen.set.sha256, experiment.spec.strategy, services);
      return { kind: 'aggregated', model };
    } catch (error) {
      if (error instanceof AttemptFailed)
        return { kind: 'failed', reason: { slug: error.slug, detail: error.message } };
      throw error;
    }
  },
);

async function aggregate(
  round: RoundDocument,
  set: FrozenSet,
  setDigest: string,
  strategy: StrategySpec,
  services: Services,
): Promise<ModelPointer> {
  const version = set.base === null ? 0 : set.base.version + 1;
  const path = paths.model(set.experiment, version, round.round, round.attempt, setDigest);
  const blob = await services.models.create(path, async (write) => {
    const opened = await openAll(set.updates, services);
    try {
      if (set.base === null) await copyInitialModel(opened, write);
      else await fold(set, opened, strategy, write, services);
    } finally {
      for (const { wipe } of opened) wipe();
    }
  });
  const { schema } = (await readManifest(set.updates[0], services)).h;
  return { version, ...blob, schema };
}

interface OpenedUpdate {
  readonly weight: number;
  readonly bytes: number;
  readonly readPlaintext: ReadRange;
  readonly wipe: () => void;
}

/** One unwrap per update; data keys live in memory until the fold is done. */
async function openAll(updates: readonly FrozenUpdate[], services: Services): Promise<OpenedUpdate[]> {
  const opened: OpenedUpdate[] = [];
  for (const update of updates) {
    const manifest = await readManifest(update, services);
    const dek = await services.keys
      .unwrap(manifest.h.kek.kid, Buffer.from(manifest.wk, 'base64url'))
      .catch((error: unknown) => unreadable(update, error));
    try {
      const readCiphertext = services.updates.reader(update.silo, update.pin);
      const { readPlaintext, wipe } = await openRanges({ manifest, dek, readCiphertext }).catch(
        (error: unknown) => unreadable(update, error),
      );
      opened.push({
        weight: update.weight,
        bytes: manifest.h.len,
        readPlaintext: (offset, length) =>
          readPlaintext(offset, length).catch((error: unknown) => unreadable(update, error)),
        wipe,
      });
    } finally {
      dek.fill(0);
    }
  }
  return opened;
}

async function fold(
  set: FrozenSet,
  updates: readonly OpenedUpdate[],
  strategy: StrategySpec,
  write: (chunk: Uint8Array) => Promise<void>,
  services: Services,
): Promise<void> {
  const experiment = await services.experiments.readVersion(set.experiment, set.base?.version ?? 0);
  if (experiment === undefined || experiment.model.sha256 !== set.base?.sha256) {
    throw new Error('the base model of this round is not a published version');
  }
  const base = services.models.reader(experiment.model.path);
  const schema = await readModelSchema(base, experiment.model.bytes);
  const result = await aggregateUpdates({ schema, base, updates, strategy: strategyOf(strategy), write });
  if (!result.ok) throw new AttemptFailed(result.slug, result.detail);
}

/** Version 0 from a silo: its update is the whole model. */
async function copyInitialModel(
  updates: readonly OpenedUpdate[],
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  const [only] = updates;
  if (only === undefined) throw new Error('the initial round froze no update');
  const block = 4 * 2 ** 20;
  for (let offset = 0; offset < only.bytes; offset += block) {
    await write(await only.readPlaintext(offset, Math.min(block, only.bytes - offset)));
  }
}

async function readManifest(update: FrozenUpdate | undefined, services: Services): Promise<UpdateManifest> {
  if (update === undefined) throw new Error('the frozen set is empty');
  return sealedReply.parse(JSON.parse((await services.archive.get(update.manifest)).toString())).m;
}

/** Admitted and pinned, yet unreadable now: the silo shut its key, or the blob is gone or changed. */
function unreadable(update: FrozenUpdate, error: unknown): never {
  if (error instanceof UnwrapRefused) throw new AttemptFailed(error.slug, `${update.silo}: ${error.message}`);
  if (error instanceof FloeRefused) throw new AttemptFailed(error.slug, `${update.silo}: ${error.message}`);
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  if (status === 404 || status === 412) {
    throw new AttemptFailed('blob-missing', `${update.silo}: the admitted update is gone or was changed`);
  }
  throw error;
}
