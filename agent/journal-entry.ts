/**
 * One participation as the silo remembers it. The file is the state: a restarted agent goes on from `state.step`.
 *
 *   received -> trained -> sealed -> uploaded -> replied -> over      an update
 *   received -> trained -> answered -> replied -> over                figures of an evaluation
 *   received -> given-up -> answered -> replied -> over               declined or failed
 *   received ... uploaded -> over                                     expired or superseded
 */
import * as z from 'zod';
import { participationId, sha256Hex } from '../shared/contracts/identifiers.ts';
import { sealedReply } from '../shared/contracts/manifest.ts';
import { type Plan, plan } from '../shared/contracts/plan.ts';
import { plainReply } from '../shared/contracts/reply.ts';
import { bodyDigest } from '../shared/sealing/signature.ts';

const anyReply = z.discriminatedUnion('kind', [sealedReply, plainReply]);
export type AnyReply = z.infer<typeof anyReply>;

export const entryState = z.discriminatedUnion('step', [
  z.strictObject({ step: z.literal('received') }),
  /** The result of training lies under updates/. */
  z.strictObject({ step: z.literal('trained') }),
  /** Sealed bytes are on disk. From here on the same bytes are sent, whatever happens. */
  z.strictObject({ step: z.literal('sealed'), reply: sealedReply }),
  z.strictObject({ step: z.literal('uploaded'), reply: sealedReply }),
  /** There will be no result: what the reply will say once the vault has signed it. */
  z.strictObject({
    step: z.literal('given-up'),
    kind: z.enum(['declined', 'failed']),
    slug: z.string(),
    detail: z.string(),
  }),
  z.strictObject({ step: z.literal('answered'), reply: plainReply }),
  z.strictObject({ step: z.literal('replied'), reply: anyReply }),
  z.strictObject({
    step: z.literal('over'),
    why: z.enum(['admitted', 'late', 'refused', 'expired', 'superseded']),
    slug: z.string().optional(),
  }),
]);
export type EntryState = z.infer<typeof entryState>;

export const journalEntry = z.strictObject({
  v: z.literal(1),
  participation: z.string(),
  plan,
  planDigest: sha256Hex,
  /** Order of arrival. */
  sequence: z.int().min(1),
  state: entryState,
});
export type JournalEntry = z.infer<typeof journalEntry>;

export function entryFor(silo: string, received: Plan, sequence: number): JournalEntry {
  const { experiment, round, attempt } = received;
  return {
    v: 1,
    participation: participationId({ experiment, round, attempt, silo }),
    plan: received,
    planDigest: bodyDigest(received),
    sequence,
    state: { step: 'received' },
  };
}

/** How the coordinator names a reply in its outcome: without the signature, which is different every time. */
export function replyDigest(reply: AnyReply): string {
  return bodyDigest(reply.kind === 'submitted' ? reply.m : reply.body);
}

/** Whether the agent still owes this attempt a reply. */
export function isUnfinished(entry: JournalEntry): boolean {
  return entry.state.step !== 'replied' && entry.state.step !== 'over';
}
