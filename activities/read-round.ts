import type * as z from 'zod';
import { unresolved } from '../shared/domain/round-progress.ts';
import type { Services } from '../shared/ports/services.ts';
import { drainRound, readRound } from './descriptors.ts';
import { implement } from './run-activity.ts';

/** What the ledger says of an attempt right now. */
export const readRoundActivity = implement(
  readRound,
  async (
    key: z.infer<typeof readRound.input>,
    { experiments }: Services,
  ): Promise<z.infer<typeof readRound.output>> => {
    const [round, experiment] = await Promise.all([
      experiments.readRound(key),
      experiments.readExperiment(key.experiment),
    ]);
    if (round === undefined) throw new Error(`round ${key.round}, attempt ${key.attempt} was never opened`);
    const { phase, counters, cohortSize, quorum } = round;
    return { phase, counters, cohortSize, quorum, cancelRequested: experiment?.requested === 'cancel' };
  },
);

/** `collecting -> draining`. */
export const drainRoundActivity = implement(
  drainRound,
  async (
    key: z.infer<typeof drainRound.input>,
    { experiments }: Services,
  ): Promise<z.infer<typeof drainRound.output>> => {
    const { round } = await experiments.advanceRound(key, ['collecting'], { phase: 'draining' });
    return { phase: round.phase, unresolved: Math.max(0, unresolved(round.counters)) };
  },
);
