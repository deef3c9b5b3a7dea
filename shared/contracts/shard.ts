import * as z from 'zod';
import { blobReference } from './documents.ts';

/** A finished shard of an aggregation under way; its path says of which set, which pass and from which column. */
export const shardRecord = z.strictObject({
  /** The column after its last. */
  to: z.int().min(1),
  /** Figures across all columns up to here: float64, little-endian, in base64. */
  sums: z.base64(),
  files: z.strictObject({
    model: z.exactOptional(blobReference),
    m: z.exactOptional(blobReference),
    v: z.exactOptional(blobReference),
  }),
});
export type ShardRecord = z.infer<typeof shardRecord>;
