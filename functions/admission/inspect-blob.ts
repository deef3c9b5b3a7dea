import type { AdmissionEvidence, UpdatePin } from '../../shared/contracts/documents.ts';
import type { UpdateManifest } from '../../shared/contracts/manifest.ts';
import { type Refusal, refuse, type UpdateSlug } from '../../shared/contracts/refusals.ts';
import { paths } from '../../shared/domain/resources.ts';
import type { Services } from '../../shared/ports/services.ts';
import { admitUpdate } from '../../shared/sealing/open.ts';
import { readModelSchema } from '../../shared/tensors/model-schema.ts';
import type { TensorSchema } from '../../shared/tensors/safetensors.ts';
import type { ReplyContext } from './reply-context.ts';

type Inspected =
  | { readonly ok: true; readonly pin: UpdatePin; readonly evidence: AdmissionEvidence }
  | Refusal<UpdateSlug>;

/** Reads the blob once: length, digest, one unwrap, header tag, every segment, tensor schema, finiteness, norm. */
export async function inspectBlob(
  context: ReplyContext,
  manifest: UpdateManifest,
  services: Services,
): Promise<Inspected> {
  const { experiment, round, attempt, silo } = context.key;
  const path = paths.update(experiment, round, attempt, manifest.ct256);
  const opened = await services.updates.open(silo, path);
  if (opened === undefined)
    return refuse('blob-missing', `There is no blob ${path} in this silo's container.`);
  const expectedSchema = await schemaOfBase(context, services);
  // The cap bounds a change; a first model is no change, so silos do not clip it either.
  const normCap = context.plan.base === null ? undefined : context.plan.limits.normCap;
  const admission = await admitUpdate({
    manifest,
    contentLength: opened.bytes,
    ciphertext: opened.content,
    unwrap: (wrapped) => services.keys.unwrap(manifest.h.kek.kid, wrapped),
    ...(expectedSchema === undefined ? {} : { expectedSchema }),
    ...(context.plan.encoding === undefined ? {} : { encoding: context.plan.encoding.as }),
    ...(normCap === undefined ? {} : { normCap }),
  });
  if (!admission.ok) return admission;
  const { norm, maxAbs } = admission.evidence;
  const version = opened.versionId === undefined ? {} : { versionId: opened.versionId };
  const pin = { path, etag: opened.etag, ...version, sha256: manifest.ct256, bytes: opened.bytes };
  return { ok: true, pin, evidence: { norm, maxAbs } };
}

const known = new Map<string, TensorSchema>();

/** Tensors of the round's base, which an update must repeat exactly; undefined where the update is version 0. */
async function schemaOfBase(
  { key, plan }: ReplyContext,
  services: Services,
): Promise<TensorSchema | undefined> {
  if (plan.base === null) return undefined;
  const remembered = known.get(plan.base.sha256);
  if (remembered !== undefined) return remembered;
  const version = await services.experiments.readVersion(key.experiment, plan.base.version);
  if (version === undefined)
    throw new Error(`version ${plan.base.version} of ${key.experiment} has no document`);
  const schema = await readModelSchema(services.models.reader(version.model.path), version.model.bytes);
  if (known.size >= 16) known.delete(known.keys().next().value ?? '');
  known.set(plan.base.sha256, schema);
  return schema;
}
