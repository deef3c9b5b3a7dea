import type { ModelView } from '../../shared/contracts/api.ts';
import type { TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import { bytes, fields, metricsText, table } from './tables.ts';

export function modelTable(models: readonly ModelView[]): string {
  if (models.length === 0) return 'no version is published yet';
  const rows = models.map((model) => [
    `v${model.version}`,
    String(model.round),
    String(model.silos),
    bytes(model.bytes),
    model.sha256.slice(0, 12),
    metricsText(model.metrics),
  ]);
  return table(['VERSION', 'ROUND', 'SILOS', 'SIZE', 'SHA256', 'METRICS'], rows);
}

export function modelText(model: ModelView): string {
  return fields([
    ['version', String(model.version)],
    ['parent', model.parent === null ? undefined : String(model.parent)],
    ['round', `${model.round}  attempt ${model.attempt}`],
    ['silos', String(model.silos)],
    ['strategy', `${model.strategy}  ${model.sumMode}`],
    ['size', bytes(model.bytes)],
    ['sha256', model.sha256],
    ['schema', model.schema],
    ['frozen set', model.frozenSet ?? undefined],
    ['created', model.createdAt],
    ['metrics', model.metrics === null ? undefined : metricsText(model.metrics)],
  ]);
}

export function tensorTable(tensors: TensorSchema): string {
  return table(
    ['TENSOR', 'DTYPE', 'SHAPE'],
    tensors.map(({ name, dtype, shape }) => [name, dtype, `[${shape.join(', ')}]`]),
  );
}
