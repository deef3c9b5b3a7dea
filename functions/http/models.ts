import { createHash } from 'node:crypto';
import type { HttpRequest } from '@azure/functions';
import type { ModelView } from '../../shared/contracts/api.ts';
import type { VersionDocument } from '../../shared/contracts/documents.ts';
import { sha256Hex } from '../../shared/contracts/identifiers.ts';
import { paths } from '../../shared/domain/resources.ts';
import type { Services } from '../../shared/ports/services.ts';
import { canonicalHeader, parseSafetensorsHeader, schemaDigest } from '../../shared/tensors/safetensors.ts';
import { json, notFound, problem } from './answers.ts';
import { type Handle, Refused } from './endpoint.ts';
import { readBytes } from './read-body.ts';
import { requireExperiment } from './show-experiment.ts';

/** Above this a model is not sent through the function: the caller gets a link. */
const streamedBytes = 64 * 2 ** 20;
const uploadBytes = 100 * 2 ** 20;
const linkLifetime = 15 * 60_000;

/** `GET /api/experiments/{id}/models`. */
export const listModels: Handle = async ({ request, services }) => {
  const { experimentId: id } = await requireExperiment(request.params['id'], services);
  const [versions, metrics] = await Promise.all([
    services.experiments.listVersions(id),
    services.metrics.list(id),
  ]);
  const byVersion = new Map(metrics.map((document) => [document.version, document.metrics]));
  return json(200, {
    models: versions.map((version) => viewModel(version, byVersion.get(version.version) ?? null)),
  });
};

/** `GET /api/experiments/{id}/models/{version}`: the manifest of one version. */
export const showModel: Handle = async ({ request, services }) => {
  const version = await requireVersion(request, services);
  const metrics = (await services.metrics.list(version.experimentId)).find(
    (m) => m.version === version.version,
  );
  return json(200, viewModel(version, metrics?.metrics ?? null));
};

/** `GET /api/experiments/{id}/models/{version}/content[?link=true]`: its bytes, or a link that lives 15 minutes. */
export const downloadModel: Handle = async ({ request, services }) => {
  const { model } = await requireVersion(request, services);
  const expiresAt = services.clock.now() + linkLifetime;
  if (request.query.get('link') === 'true') {
    const url = await services.models.link(model.path, expiresAt);
    return json(200, {
      url,
      sha256: model.sha256,
      bytes: model.bytes,
      expiresAt: new Date(expiresAt).toISOString(),
    });
  }
  if (model.bytes > streamedBytes) {
    return { status: 307, headers: { location: await services.models.link(model.path, expiresAt) } };
  }
  return {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="v${model.version}.safetensors"`,
      etag: `"${model.sha256}"`,
      'x-content-sha256': model.sha256,
    },
    body: await services.models.reader(model.path)(0, model.bytes),
  };
};

/** `PUT /api/models/uploads/{sha256}`: a starting model, in canonical safetensors form. Repeating it is harmless. */
export const uploadModel: Handle = async ({ request, services }) => {
  const digest = sha256Hex.safeParse(request.params['sha256']);
  if (!digest.success)
    return problem(400, 'spec-invalid', 'The path names the SHA-256 of the model, 64 hex digits.');
  const bytes = await readBytes(request, uploadBytes);
  if (createHash('sha256').update(bytes).digest('hex') !== digest.data) {
    return problem(400, 'spec-invalid', 'The body does not have the SHA-256 that the path names.');
  }
  const header = parseSafetensorsHeader(bytes, { totalBytes: bytes.length });
  if (!header.ok) return problem(400, header.slug, header.detail);
  const canonical = canonicalHeader(header.schema);
  if (!bytes.subarray(0, header.headerBytes).equals(canonical)) {
    const detail =
      'The header is not in canonical form (tensors in order of offset, no metadata, padded to 8 bytes); ' +
      '`tributary model upload` rewrites a file and uploads it.';
    return problem(400, 'tensor-header', detail);
  }
  const path = paths.uploadedModel(digest.data);
  await services.models.create(path, (write) => write(bytes));
  return json(201, { sha256: digest.data, bytes: bytes.length, schema: schemaDigest(header.schema) });
};

async function requireVersion(request: HttpRequest, services: Services): Promise<VersionDocument> {
  const { experimentId: id, pointer } = await requireExperiment(request.params['id'], services);
  const wanted = request.params['version'];
  const number =
    wanted === 'latest' ? pointer?.version : /^\d{1,7}$/.test(wanted ?? '') ? Number(wanted) : undefined;
  const version = number === undefined ? undefined : await services.experiments.readVersion(id, number);
  if (version === undefined) throw new Refused(notFound(`model version ${wanted} in ${id}`));
  return version;
}

function viewModel(document: VersionDocument, metrics: ModelView['metrics']): ModelView {
  const { version, parent, round, attempt, model, strategy, sumMode, frozenSet, silos, createdAt } = document;
  const { sha256, bytes, schema } = model;
  return {
    version,
    parent,
    round,
    attempt,
    sha256,
    bytes,
    schema,
    strategy,
    sumMode,
    frozenSet,
    silos,
    createdAt,
    metrics,
  };
}
