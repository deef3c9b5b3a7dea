import * as z from 'zod';

/** Of a block's elements, more than this many would take more bytes than the float32 numbers themselves. */
const MOST_KEPT = 2 / 3;

/**
 * The metric in which a silo tells what encoding changed: over the tensors encoded, the L2 norm of the change over that
 * of the update.
 */
export const ENCODING_ERROR = 'encodingError';

/** How an update's float tensors travel, where they do not travel as they are. */
export const updateEncoding = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('f16').describe('IEEE half precision: 11 bits, up to 65504.') }),
  z.strictObject({
    kind: z.literal('bf16').describe('The upper half of a float32: 8 bits, its whole range.'),
  }),
  z.strictObject({ kind: z.literal('int8').describe('Whole numbers from -127 to 127, a scale per 256.') }),
  z.strictObject({
    kind: z.literal('top-k').describe('The largest of every 4096 elements; the others travel as zeros.'),
    fraction: z
      .number()
      .gt(0)
      .max(MOST_KEPT, 'above 2/3 the update would be larger than without encoding')
      .describe('How many of them.'),
  }),
]);
export type UpdateEncoding = z.infer<typeof updateEncoding>;
