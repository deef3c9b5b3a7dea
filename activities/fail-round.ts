import type * as z from 'zod';
import type { Services } from '../shared/ports/services.ts';
import { failRound } from './descriptors.ts';
import { implement } from './run-activity.ts';

type Input = z.infer<typeof failRound.input>;
type Output = z.infer<typeof failRound.output>;

/** Any non-terminal phase -> failed or cancelled; a round that was never opened stays without a document. */
export const failRoundActivity = implement(
  failRound,
  async (input: Input, services: Services): Promise<Output> => {
    const present = await services.experiments.readRound(input);
    if (present === undefined) return { phase: input.phase };
    const { round } = await services.experiments.advanceRound(
      input,
      ['collecting', 'draining', 'closing', 'closed'],
      {
        phase: input.phase,
        failure: input.reason,
        endedAt: input.at,
      },
    );
    return { phase: round.phase };
  },
);
