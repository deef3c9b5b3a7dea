import type { PassName } from '../shared/aggregation/checkpoints.ts';
import type { AttemptKey } from '../shared/contracts/identifiers.ts';
import type { Services } from '../shared/ports/services.ts';
import { FLSE } from '../shared/sealing/floe.ts';

/** An operator asked for the end of the experiment. */
export class AggregationCancelled extends Error {
  override readonly name = 'AggregationCancelled';
}

/**
 * What happens before each shard of a model of `bytes` bytes: those who ask are told how far it is, and a cancelled
 * experiment's aggregation ends.
 *
 * @throws AggregationCancelled
 */
export function betweenShards(key: AttemptKey, bytes: number, services: Services) {
  return async (pass: PassName, columns: { readonly from: number }): Promise<void> => {
    const experiment = await services.experiments.readExperiment(key.experiment);
    if (experiment?.requested === 'cancel') throw new AggregationCancelled();
    const at = new Date(services.clock.now()).toISOString();
    const doneBytes = Math.min(columns.from * FLSE.segmentPlaintext, bytes);
    await services.experiments.advanceRound(key, ['closed'], { aggregation: { pass, doneBytes, bytes, at } });
  };
}
