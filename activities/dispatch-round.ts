import type * as z from 'zod';
import { participationDocumentId } from '../shared/contracts/documents.ts';
import { participationId } from '../shared/contracts/identifiers.ts';
import { inBatches } from '../shared/domain/in-batches.ts';
import type { Services } from '../shared/ports/services.ts';
import { readCohort } from './cohort-record.ts';
import { dispatchRound } from './descriptors.ts';
import { implement } from './run-activity.ts';

type Input = z.infer<typeof dispatchRound.input>;
type Output = z.infer<typeof dispatchRound.output>;

const concurrentSends = 16;

/**
 * Sends the stored plan to a slice of the cohort: the same bytes however often it runs, under the same message ids.
 * Past the deadline nothing is sent. Read next: agent/inbox (at the silo), functions/update-received (the answer).
 */
export const dispatchRoundActivity = implement(
  dispatchRound,
  async (input: Input, services: Services): Promise<Output> => {
    const round = await services.experiments.readRound(input);
    if (round?.phase !== 'collecting') return { sent: 0, unreachable: 0 };
    const timeToLiveMs = Date.parse(round.deadline) - Date.parse(input.at);
    if (timeToLiveMs <= 0) return { sent: 0, unreachable: 0 };
    const body: unknown = JSON.parse((await services.archive.get(round.plan)).toString());
    const members = (await readCohort(services.archive, round.cohort)).slice(input.from, input.to);

    const results = await inBatches(members, concurrentSends, async ({ silo }) => {
      const messageId = participationId({ ...input, silo });
      const result = await services.mailbox.send(silo, { messageId, body, timeToLiveMs });
      if (result === 'unreachable') await countOut({ ...input, silo }, services);
      return result;
    });
    const sent = results.filter((result) => result === 'sent').length;
    return { sent, unreachable: results.length - sent };
  },
);

/** A silo whose queue takes nothing is counted out at once; the round goes on without it. */
async function countOut(key: Input & { silo: string }, services: Services): Promise<void> {
  await services.experiments.moveParticipation({
    from: null,
    whileRound: ['collecting'],
    counters: { unreachable: 1 },
    document: {
      id: participationDocumentId(key),
      kind: 'participation',
      experimentId: key.experiment,
      round: key.round,
      attempt: key.attempt,
      silo: key.silo,
      state: 'failed',
      replyDigest: null,
      manifest: null,
      weight: null,
      numExamples: null,
      metrics: null,
      pin: null,
      evidence: null,
      reason: {
        slug: 'silo-unreachable',
        detail: 'the queue of this silo does not exist or takes no messages',
      },
      submittedAt: key.at,
      decidedAt: key.at,
    },
  });
}
