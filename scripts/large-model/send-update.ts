/** One silo's made-up update, sealed as an agent seals it, in its container and in the ledger. */
import { randomBytes } from 'node:crypto';
import { participationDocumentId, type UpdatePin } from '../../shared/contracts/documents.ts';
import type { AttemptKey } from '../../shared/contracts/identifiers.ts';
import { type SealedReply, SUITE, type UpdateHeader } from '../../shared/contracts/manifest.ts';
import type { Plan } from '../../shared/contracts/plan.ts';
import type { TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import { paths } from '../../shared/domain/resources.ts';
import type { Services } from '../../shared/ports/services.ts';
import { canonicalJson } from '../../shared/sealing/canonical-json.ts';
import { sealUpdate } from '../../shared/sealing/seal.ts';
import { bodyDigest } from '../../shared/sealing/signature.ts';
import { checkTensors, type TensorReport } from '../../shared/tensors/check-tensors.ts';
import { plaintextLength, schemaDigest } from '../../shared/tensors/schema.ts';
import { madeUpPlaintext } from './made-up-model.ts';
import type { LargeSilo } from './silo.ts';

/** Of every update. */
export const UPDATE_WEIGHT = 100;

export interface OpenedRound {
  readonly key: AttemptKey;
  readonly plan: Plan;
  readonly schema: TensorSchema;
  readonly silos: readonly LargeSilo[];
}

/** Seals into the silo's container and records the update as admitted: made here, it needs no second reading. */
export async function sendUpdate(
  { key, plan, schema }: OpenedRound,
  silo: LargeSilo,
  seed: number,
  services: Services,
): Promise<void> {
  // A blob is named before its digest is known; the pin says which bytes count.
  const path = paths.update(key.experiment, key.round, key.attempt, randomBytes(32).toString('hex'));
  const upload = silo.upload(path);
  const { plaintext, report } = measured(schema, madeUpPlaintext(schema, seed));
  const reply = await sealUpdate({
    header: await headerOf({ plan, schema }, silo),
    plaintext,
    kekPublicJwk: (await silo.keys.kek()).jwk,
    sign: silo.keys.sign,
    write: (chunk) => upload.write(chunk),
  });
  await upload.commit();
  const pin = await pinOf(silo.id, path, reply, services);
  const manifestDigest = bodyDigest(reply.m);
  const manifest = await services.archive.putOrRead(
    paths.manifest(key.experiment, key.round, key.attempt, silo.id, manifestDigest),
    Buffer.from(canonicalJson(reply)),
  );
  const { weight, numExamples, metrics } = reply.m.h;
  const at = new Date().toISOString();
  const { norm, maxAbs } = report();
  const moved = await services.experiments.moveParticipation({
    from: null,
    document: {
      id: participationDocumentId({ ...key, silo: silo.id }),
      kind: 'participation',
      experimentId: key.experiment,
      round: key.round,
      attempt: key.attempt,
      silo: silo.id,
      state: 'admitted',
      replyDigest: manifestDigest,
      manifest: manifest.reference,
      weight,
      numExamples,
      metrics,
      pin,
      evidence: { norm, maxAbs },
      reason: null,
      submittedAt: at,
      decidedAt: at,
    },
    counters: { submitted: 1, admitted: 1 },
    whileRound: ['collecting'],
  });
  if (moved.result !== 'moved') throw new Error(`the update of ${silo.id} was not recorded: ${moved.result}`);
}

/** What the agent would say of it. */
export async function headerOf(
  { plan, schema }: Pick<OpenedRound, 'plan' | 'schema'>,
  { id, keys }: LargeSilo,
): Promise<UpdateHeader> {
  const [kek, sig] = [await keys.kek(), await keys.sig()];
  return {
    v: 1,
    suite: SUITE,
    exp: plan.experiment,
    round: plan.round,
    attempt: plan.attempt,
    silo: id,
    plan: bodyDigest(plan),
    base: plan.base === null ? null : { ver: plan.base.version, sha256: plan.base.sha256 },
    schema: schemaDigest(schema),
    fmt: 'safetensors',
    len: plaintextLength(schema),
    weight: UPDATE_WEIGHT,
    numExamples: 100,
    metrics: {},
    kek: { kid: kek.kid, jkt: kek.jkt },
    sig: { kid: sig.kid, jkt: sig.jkt },
    iat: Math.floor(Date.now() / 1_000),
  };
}

/** Norm and magnitude of a plaintext as it passes; its header comes first and whole. */
function measured(
  schema: TensorSchema,
  source: AsyncIterable<Uint8Array>,
): { plaintext: AsyncGenerator<Uint8Array, void, undefined>; report: () => TensorReport } {
  const check = checkTensors(schema);
  async function* pass(): AsyncGenerator<Uint8Array, void, undefined> {
    let first = true;
    for await (const piece of source) {
      if (!first) check.add(piece);
      first = false;
      yield piece;
    }
  }
  return { plaintext: pass(), report: () => check.report() };
}

/** Exactly the blob that is there now. */
async function pinOf(
  silo: string,
  path: string,
  { m }: SealedReply,
  { updates }: Services,
): Promise<UpdatePin> {
  const opened = await updates.open(silo, path);
  if (opened === undefined) throw new Error(`the update of ${silo} is gone`);
  const { bytes, etag, versionId } = opened;
  // Leaving the loop ends the download.
  for await (const _ of opened.content) break;
  return { path, etag, ...(versionId === undefined ? {} : { versionId }), sha256: m.ct256, bytes };
}
