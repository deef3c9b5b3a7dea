import * as z from 'zod';
import { curveShape, KEY_OPERATIONS, keyTypeShape } from './key-record.ts';
import { badParameter } from './vault-error.ts';

const secondsShape = z.int().nonnegative();
const attributesShape = z.strictObject({
  enabled: z.boolean().optional(),
  nbf: secondsShape.optional(),
  exp: secondsShape.optional(),
  exportable: z.boolean().optional(),
});
const tagsShape = z
  .record(z.string().max(256), z.string().max(256))
  .refine((tags) => Object.keys(tags).length <= 15);
const operationsShape = z.array(z.enum(KEY_OPERATIONS));
const bytesShape = z
  .string()
  .max(10_000)
  .regex(/^[A-Za-z0-9_-]*$/)
  .transform((text) => Buffer.from(text, 'base64url'));

export const createBodyShape = z.strictObject({
  kty: keyTypeShape,
  key_size: z.int().optional(),
  crv: curveShape.optional(),
  public_exponent: z.literal(65537).optional(),
  key_ops: operationsShape.optional(),
  attributes: attributesShape.optional(),
  tags: tagsShape.optional(),
  release_policy: z.unknown().optional(),
});

export const importBodyShape = z.strictObject({
  key: z.looseObject({ kty: keyTypeShape, key_ops: operationsShape.optional() }),
  Hsm: z.boolean().optional(),
  attributes: attributesShape.optional(),
  tags: tagsShape.optional(),
  release_policy: z.unknown().optional(),
});

export const updateBodyShape = z.strictObject({
  key_ops: operationsShape.optional(),
  attributes: attributesShape.optional(),
  tags: tagsShape.optional(),
  release_policy: z.unknown().optional(),
});

export const operationBodyShape = z.strictObject({ alg: z.string(), value: bytesShape });
export const verifyBodyShape = z.strictObject({ alg: z.string(), digest: bytesShape, value: bytesShape });

export type Attributes = z.infer<typeof attributesShape>;
export type CreateBody = z.infer<typeof createBodyShape>;
export type ImportBody = z.infer<typeof importBodyShape>;
export type UpdateBody = z.infer<typeof updateBodyShape>;

/** Parses a JSON body. The refusal names the property at fault and never quotes a value: it may be a key. */
export function parseBody<T>(shape: z.ZodType<T>, body: Buffer): T {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw badParameter('the body is not JSON');
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const place = parsed.error.issues[0]?.path.join('.') ?? '';
  throw badParameter(`Property '${place.slice(0, 60)}' has an invalid value`);
}
