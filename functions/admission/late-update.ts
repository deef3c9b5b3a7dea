import type { Services } from '../../shared/ports/services.ts';
import type { ReplyContext } from './reply-context.ts';

/**
 * Whether an update that comes too late for its round may still count in one of the next: then it is inspected and
 * pinned as if it were in time, and stays `late`.
 */
export async function isBuffered({ key, plan }: ReplyContext, services: Services): Promise<boolean> {
  if (plan.kind !== 'train') return false;
  const experiment = await services.experiments.readExperiment(key.experiment);
  const strategy = experiment?.spec.strategy;
  if (experiment?.status !== 'running' || strategy?.kind !== 'fedbuff') return false;
  return (experiment.currentRound?.round ?? 0) - key.round <= strategy.maxStaleness;
}
