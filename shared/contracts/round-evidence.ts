import * as z from 'zod';
import { sha256Hex, siloId } from './identifiers.ts';

/** How one update of the frozen set entered the result. */
export const updateEvidence = z.strictObject({
  silo: siloId,
  staleness: z.int().min(0),
  norm: z.number().min(0),
  /** What clipping multiplied it by; 1 without. */
  scale: z.number().min(0),
  /** Of the weight, after caps and before clipping; all rows sum to 1. */
  share: z.number().min(0),
  /** Whether it entered the result at all. */
  included: z.boolean(),
  /** The rule's own: Krum's score, the distance to the geometric median, the cosine to the trusted update. */
  score: z.exactOptional(z.number()),
  /** Of the update to the combined step; null where it was not measured or one of them is zero. */
  cosine: z.number().min(-1).max(1).nullable(),
});
export type UpdateEvidence = z.infer<typeof updateEvidence>;

/** In `rounds` beside the frozen set, in its order. */
export const roundEvidence = z.strictObject({
  /** Digest of the frozen set. */
  set: sha256Hex,
  strategy: z.string(),
  sumMode: z.string(),
  updates: z.array(updateEvidence),
});
export type RoundEvidence = z.infer<typeof roundEvidence>;
