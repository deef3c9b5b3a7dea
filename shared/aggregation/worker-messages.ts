/** What goes between the aggregating thread and its workers. Each request is answered once, in order. */
import type { UpdateEncoding } from '../contracts/encoding.ts';
import type { TensorSchema } from '../contracts/tensor-schema.ts';
import type { KernelChoice } from './choose-kernels.ts';
import type { Block, FoldSlug, Opening, Partials, Task } from './fold-task.ts';
import type { BlockBuffers, ModuleReference, SharedBytes } from './lane.ts';

export type WorkerRequest =
  | {
      readonly kind: 'open';
      readonly schema: TensorSchema;
      readonly encoding: UpdateEncoding | undefined;
      readonly openings: Uint8Array<ArrayBuffer>;
      readonly kernels: KernelChoice;
    }
  | { readonly kind: 'begin'; readonly task: Task; readonly module: ModuleReference | undefined }
  | {
      readonly kind: 'add';
      readonly block: Block;
      readonly updates: readonly number[];
      readonly ciphertexts: readonly SharedBytes[];
    }
  | { readonly kind: 'finish'; readonly block: Block; readonly buffers: BlockBuffers }
  | { readonly kind: 'close' };

export type WorkerAnswer =
  | { readonly kind: 'done' }
  | { readonly kind: 'finished'; readonly partials: Partials }
  | {
      readonly kind: 'refused';
      readonly slug: FoldSlug;
      readonly message: string;
      readonly update: number | undefined;
    }
  | { readonly kind: 'failed'; readonly message: string };

const [KEY, CONTEXT, HEADER] = [32, 64, 74];
const ROW = KEY + CONTEXT + HEADER;

/** All openings in one buffer, which is handed over rather than copied: no second copy of a key is left to a collector. */
export function packOpenings(openings: readonly Opening[]): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(openings.length * ROW);
  for (const [i, { key, context, header }] of openings.entries()) {
    packed.set(key, i * ROW);
    packed.set(context, i * ROW + KEY);
    packed.set(header, i * ROW + KEY + CONTEXT);
  }
  return packed;
}

/** Views of the packed bytes, not copies. */
export function unpackOpenings(packed: Uint8Array): Opening[] {
  return Array.from({ length: packed.length / ROW }, (_, i) => {
    const row = packed.subarray(i * ROW, (i + 1) * ROW);
    return {
      key: row.subarray(0, KEY),
      context: row.subarray(KEY, KEY + CONTEXT),
      header: row.subarray(KEY + CONTEXT),
    };
  });
}
