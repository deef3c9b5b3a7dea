import { createHash } from 'node:crypto';
import { ulid } from 'ulid';
import { catalogEntryOf } from '../../activities/catalog-entry.ts';
import { didYouMean } from '../../shared/contracts/did-you-mean.ts';
import type { ExperimentDocument } from '../../shared/contracts/documents.ts';
import type { ExperimentSpec } from '../../shared/contracts/spec.ts';
import { checkSpec } from '../../shared/domain/check-spec.ts';
import { inBatches } from '../../shared/domain/in-batches.ts';
import { paths } from '../../shared/domain/resources.ts';
import type { Services } from '../../shared/ports/services.ts';
import { bodyDigest } from '../../shared/sealing/signature.ts';
import { json, problem } from './answers.ts';
import { checkModule, checkTensors } from './check-strategy-references.ts';
import type { Exchange, Handle } from './endpoint.ts';
import { Refused } from './endpoint.ts';
import { readJson } from './read-body.ts';

/**
 * `POST /api/experiments`. The order makes a crash at any point harmless: idempotency record, experiment document
 * `pending`, catalog, orchestration; a timer starts what was left pending. Read next: orchestrations/experiment.
 */
export const createExperiment: Handle = async ({ request, caller, services, orchestrations }) => {
  const now = new Date(services.clock.now()).toISOString();
  const checked = checkSpec(await readJson(request), now);
  if (!checked.ok) {
    const errors = checked.faults.map(({ unknownField: _, ...fault }) => fault);
    return problem(400, checked.slug, checked.detail, { errors });
  }
  const { spec } = checked;
  await checkReferences(spec, services);

  const claim = await claimExperiment({ request, caller, services }, spec, now);
  const document = newDocument(claim.experimentId, spec, caller.name, now);
  const created = await services.experiments.createExperiment(document);
  const present =
    created === 'created' ? document : await services.experiments.readExperiment(claim.experimentId);
  if (present?.status === 'pending') {
    await services.catalog.putExperiment(catalogEntryOf(present));
    await orchestrations.startExperiment(claim.experimentId);
  }
  const location = new URL(`/api/experiments/${claim.experimentId}`, request.url).pathname;
  const body = { experiment: claim.experimentId, created: claim.fresh };
  return json(claim.fresh ? 201 : 200, body, { location });
};

async function checkReferences(spec: ExperimentSpec, services: Services): Promise<void> {
  const entries = await inBatches(spec.silos, 16, (silo) => services.roster.read(silo));
  const unknown = spec.silos.filter((_, index) => entries[index]?.status !== 'active');
  if (unknown.length > 0) {
    const known = (await services.roster.list())
      .filter(({ status }) => status === 'active')
      .map(({ silo }) => silo);
    const errors = unknown.map((silo) => {
      const suggestion = didYouMean(silo, known);
      const message =
        entries[spec.silos.indexOf(silo)] === undefined ? 'is not registered' : 'is not admitted';
      const path = `silos.${spec.silos.indexOf(silo)}`;
      return { path, message: `${silo} ${message}`, ...(suggestion === undefined ? {} : { suggestion }) };
    });
    const detail = `Not in the roster: ${unknown.join(', ')}.`;
    throw new Refused(problem(400, 'silo-unknown', detail, { errors }));
  }
  await checkModule(spec);
  const { initialModel } = spec;
  if (initialModel.kind === 'upload') {
    const blob = await services.models.stat(paths.uploadedModel(initialModel.sha256));
    if (blob === undefined) {
      const detail = `No model with digest ${initialModel.sha256} was uploaded; PUT /api/models/uploads/{sha256} first.`;
      throw new Refused(
        problem(400, 'spec-invalid', detail, { errors: [{ path: 'initialModel.sha256', message: detail }] }),
      );
    }
    await checkTensors(spec, blob, services);
  }
}

/** The experiment's id: a new one, or the one that this caller's `Idempotency-Key` made before. */
async function claimExperiment(
  { request, caller, services }: Pick<Exchange, 'request' | 'caller' | 'services'>,
  spec: ExperimentSpec,
  now: string,
): Promise<{ experimentId: string; fresh: boolean }> {
  const experimentId = `exp-${ulid(services.clock.now()).toLowerCase()}`;
  const key = request.headers.get('idempotency-key');
  if (key === null) return { experimentId, fresh: true };
  if (key.length > 200)
    throw new Refused(problem(400, 'spec-invalid', 'An Idempotency-Key has at most 200 characters.'));
  const bodyDigestNow = bodyDigest(spec);
  const record = await services.catalog.claimIdempotencyKey({
    id: createHash('sha256').update(`${caller.tenantId}/${caller.objectId}/${key}`).digest('hex'),
    scope: 'idempotency',
    experimentId,
    bodyDigest: bodyDigestNow,
    createdAt: now,
  });
  if (record.bodyDigest !== bodyDigestNow) {
    const detail = `This Idempotency-Key made ${record.experimentId} from another body. Use a new key for a new experiment.`;
    throw new Refused(problem(409, 'idempotency-conflict', detail));
  }
  return { experimentId: record.experimentId, fresh: record.experimentId === experimentId };
}

function newDocument(
  experimentId: string,
  spec: ExperimentSpec,
  createdBy: string,
  now: string,
): ExperimentDocument {
  return {
    id: 'experiment',
    kind: 'experiment',
    experimentId,
    status: 'pending',
    spec,
    specDigest: bodyDigest(spec),
    requested: null,
    currentRound: null,
    pointer: null,
    best: null,
    sinceBest: 0,
    createdAt: now,
    createdBy,
    startedAt: null,
    endedAt: null,
    reason: null,
  };
}
