import * as z from 'zod';
import {
  attemptNumber,
  es256Signature,
  experimentId,
  roundNumber,
  sha256Hex,
  siloId,
} from './identifiers.ts';
import { metricName } from './spec.ts';

/** Most metrics of one report, and of the means over all reports. */
export const MAX_METRICS = 64;
/** Bounds within which sums over 5,000 silos stay finite, and counts of examples exact. */
const MAX_FIGURE = 1e100;
export const MAX_EXAMPLES = 2 ** 40;

export const reportedMetrics = z
  .record(metricName, z.number().min(-MAX_FIGURE).max(MAX_FIGURE))
  .refine((metrics) => Object.keys(metrics).length <= MAX_METRICS, {
    message: `at most ${MAX_METRICS} metrics`,
  });

const context = {
  exp: experimentId,
  round: roundNumber,
  attempt: attemptNumber,
  silo: siloId,
  plan: sha256Hex,
};

const reason = z.strictObject({ slug: z.string().regex(/^[a-z-]{1,40}$/), detail: z.string().max(2_000) });

/** Replies that carry no tensor, signed as a whole under `tributary/reply/1`. */
export const plainReplyBody = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('evaluated'),
    ...context,
    metrics: reportedMetrics,
    numExamples: z.int().min(1).max(MAX_EXAMPLES),
  }),
  /** The silo will not take part in this attempt. */
  z.strictObject({ kind: z.literal('declined'), ...context, reason }),
  /** The silo tried and has given up: terminal for this attempt. */
  z.strictObject({ kind: z.literal('failed'), ...context, reason }),
]);
export type PlainReplyBody = z.infer<typeof plainReplyBody>;

export const plainReply = z.strictObject({
  kind: z.literal('reply'),
  body: plainReplyBody,
  sig: es256Signature,
});
export type PlainReply = z.infer<typeof plainReply>;
