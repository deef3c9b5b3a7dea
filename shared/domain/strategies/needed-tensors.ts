import type { StrategySpec } from '../../contracts/strategy-spec.ts';
import type { TensorSchema } from '../../contracts/tensor-schema.ts';
import { CONTROL_PREFIX } from './fold-plan.ts';

/** Whether a model has the tensors that a strategy works on: undefined, or what it lacks, as a sentence. */
export function lackOfTensors({ kind }: StrategySpec, schema: TensorSchema): string | undefined {
  if (kind !== 'scaffold' || schema.some(({ name }) => name.startsWith(CONTROL_PREFIX))) return undefined;
  const example = schema[0]?.name ?? 'weights';
  return `The strategy scaffold keeps control variates in the model's tensors ${CONTROL_PREFIX}<name>, and the model has none: add, for example, ${CONTROL_PREFIX}${example}, of zeros.`;
}
