import type { ExperimentDocument } from '../shared/contracts/documents.ts';
import { versionDocumentId } from '../shared/contracts/documents.ts';
import { paths } from '../shared/domain/resources.ts';
import type { Services } from '../shared/ports/services.ts';
import { readModelSchema } from '../shared/tensors/model-schema.ts';
import { schemaDigest } from '../shared/tensors/schema.ts';

/** Makes the uploaded model that the spec names version 0. Where a silo makes it, or it is there, nothing happens. */
export async function adoptUploadedModel(
  experiment: ExperimentDocument,
  at: string,
  services: Services,
): Promise<ExperimentDocument> {
  const { initialModel } = experiment.spec;
  if (initialModel.kind !== 'upload' || experiment.pointer !== null || experiment.status !== 'running') {
    return experiment;
  }
  const path = paths.uploadedModel(initialModel.sha256);
  const blob = await services.models.stat(path);
  if (blob === undefined) throw new Error(`the uploaded model ${initialModel.sha256} is gone`);
  const schema = schemaDigest(await readModelSchema(services.models.reader(path), blob.bytes));
  const pointer = { version: 0, ...blob, schema };
  await services.experiments.publishVersion({
    round: null,
    pointer,
    document: {
      id: versionDocumentId(0),
      kind: 'version',
      experimentId: experiment.experimentId,
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
  return (await services.experiments.readExperiment(experiment.experimentId)) ?? experiment;
}
