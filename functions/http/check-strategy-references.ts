import { deployedStrategy } from '../../shared/aggregation/load-module.ts';
import type { BlobReference } from '../../shared/contracts/documents.ts';
import type { ExperimentSpec } from '../../shared/contracts/spec.ts';
import { lackOfTensors } from '../../shared/domain/strategies/needed-tensors.ts';
import { StrategyFault } from '../../shared/domain/strategies/strategy-fault.ts';
import type { Services } from '../../shared/ports/services.ts';
import { readModelSchema } from '../../shared/tensors/model-schema.ts';
import { problem } from './answers.ts';
import { Refused } from './endpoint.ts';

/** The module that a specification names is deployed. @throws Refused where it is not, or is no strategy. */
export async function checkModule({ strategy }: ExperimentSpec): Promise<void> {
  if (strategy.kind !== 'module') return;
  try {
    await deployedStrategy(strategy.module);
  } catch (error) {
    if (!(error instanceof StrategyFault)) throw error;
    throw refused('strategy.module', error.message);
  }
}

/** The uploaded model has what the strategy works on. @throws Refused where it lacks tensors. */
export async function checkTensors(
  { strategy }: ExperimentSpec,
  { path, bytes }: Pick<BlobReference, 'path' | 'bytes'>,
  services: Services,
): Promise<void> {
  // Others work on any tensors: their models need not be read here.
  if (strategy.kind !== 'scaffold') return;
  const lack = lackOfTensors(strategy, await readModelSchema(services.models.reader(path), bytes));
  if (lack !== undefined) throw refused('strategy', lack);
}

function refused(path: string, message: string): Refused {
  return new Refused(problem(400, 'strategy-precondition', message, { errors: [{ path, message }] }));
}
