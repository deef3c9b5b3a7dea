import * as z from 'zod';

/** An RFC 9457 problem document. `type` ends with the slug, which is the stable part. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  slug: z.string(),
  instance: z.string().optional(),
  /** One entry per fault in a body: where it is and what is wrong with it. */
  errors: z
    .array(z.object({ path: z.string(), message: z.string(), suggestion: z.string().optional() }))
    .optional(),
});
export type Problem = z.infer<typeof problem>;
