/**
 * What the agent makes of a trainer's file before sealing: the same tensors in the order and under the header
 * that everybody else's bytes have.
 */
import { type Refusal, refuse } from '../contracts/refusals.ts';
import type { TensorSchema, TensorSpec } from '../contracts/tensor-schema.ts';
import { subtract } from './arithmetic.ts';
import { canonicalHeader, tensorBytes } from './schema.ts';

/** Tensors by name: a safetensors file, or anything that reads like one. */
export interface TensorSource {
  readonly schema: TensorSchema;
  readTensor(name: string, offset: number, length: number): Promise<Buffer>;
}

type Write = (chunk: Uint8Array) => Promise<void>;
type Written = { readonly ok: true } | Refusal<'tensor-schema'>;

/** A multiple of every element size. */
const BLOCK_BYTES = 2 ** 20;

/** Copies `source` into canonical form; refuses when its tensors are not exactly those of `schema`. */
export async function rewriteCanonical(options: {
  source: TensorSource;
  schema: TensorSchema;
  write: Write;
}): Promise<Written> {
  const { source, schema, write } = options;
  const misfit = compare(source.schema, schema, 'The trained model');
  if (misfit) return misfit;
  await writeTensors(schema, write, (tensor, offset, length) =>
    source.readTensor(tensor.name, offset, length),
  );
  return { ok: true };
}

/**
 * Writes `trained - base` in canonical form. Floats are subtracted in float64 and rounded once to their dtype, so a
 * difference may come out infinite; integers are exact modulo 2^bits. Refuses like {@link rewriteCanonical}.
 */
export async function writeDelta(options: {
  base: TensorSource;
  trained: TensorSource;
  schema: TensorSchema;
  write: Write;
}): Promise<Written> {
  const { base, trained, schema, write } = options;
  const misfit =
    compare(base.schema, schema, 'The base model') ?? compare(trained.schema, schema, 'The trained model');
  if (misfit) return misfit;
  await writeTensors(schema, write, async (tensor, offset, length) => {
    const after = await trained.readTensor(tensor.name, offset, length);
    const before = await base.readTensor(tensor.name, offset, length);
    return subtract(tensor.dtype, after, before);
  });
  return { ok: true };
}

async function writeTensors(
  schema: TensorSchema,
  write: Write,
  produce: (tensor: TensorSpec, offset: number, length: number) => Promise<Uint8Array>,
): Promise<void> {
  await write(canonicalHeader(schema));
  for (const tensor of schema) {
    const bytes = tensorBytes(tensor);
    for (let offset = 0; offset < bytes; offset += BLOCK_BYTES) {
      await write(await produce(tensor, offset, Math.min(BLOCK_BYTES, bytes - offset)));
    }
  }
}

/** The order of a file's tensors is its writer's affair; their names, dtypes and shapes are not. */
function compare(
  found: TensorSchema,
  wanted: TensorSchema,
  whose: string,
): Refusal<'tensor-schema'> | undefined {
  const byName = new Map(found.map((tensor) => [tensor.name, tensor]));
  for (const tensor of wanted) {
    const other = byName.get(tensor.name);
    const name = JSON.stringify(tensor.name);
    if (!other) return refuse('tensor-schema', `${whose} lacks tensor ${name}.`);
    if (other.dtype !== tensor.dtype) {
      return refuse('tensor-schema', `${whose} has ${name} as ${other.dtype} instead of ${tensor.dtype}.`);
    }
    if (other.shape.join() !== tensor.shape.join()) {
      const shapes = `[${other.shape.join(', ')}] instead of [${tensor.shape.join(', ')}]`;
      return refuse('tensor-schema', `${whose} has ${name} in shape ${shapes}.`);
    }
    byName.delete(tensor.name);
  }
  const [extra] = byName.keys();
  if (extra !== undefined) {
    return refuse(
      'tensor-schema',
      `${whose} has a tensor ${JSON.stringify(extra)} that the global model lacks.`,
    );
  }
  return undefined;
}
