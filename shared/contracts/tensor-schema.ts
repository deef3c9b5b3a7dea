import * as z from 'zod';

/** Most tensors in a model, longest name in UTF-8 bytes, highest rank. */
export const TENSOR_LIMITS = { tensors: 10_000, nameBytes: 256, rank: 8 } as const;

/** The safetensors element types that can be exchanged and aggregated. */
export const dtype = z.enum([
  'F64',
  'F32',
  'F16',
  'BF16',
  'I64',
  'I32',
  'I16',
  'I8',
  'U64',
  'U32',
  'U16',
  'U8',
  'BOOL',
]);
export type Dtype = z.infer<typeof dtype>;

const utf8 = new TextEncoder();

export const tensorSpec = z.strictObject({
  name: z
    .string()
    .min(1)
    .refine((name) => name !== '__metadata__' && name !== '__proto__', 'reserved name')
    .refine((name) => utf8.encode(name).length <= TENSOR_LIMITS.nameBytes, 'name too long'),
  dtype,
  /** Extents from the outermost; `[]` is a scalar, an extent may be 0. */
  shape: z.array(z.int().min(0)).max(TENSOR_LIMITS.rank),
});
export type TensorSpec = z.infer<typeof tensorSpec>;

/** What tensors a model has, in the order of their bytes. */
export const tensorSchema = z.array(tensorSpec).max(TENSOR_LIMITS.tensors);
export type TensorSchema = readonly Readonly<TensorSpec>[];
