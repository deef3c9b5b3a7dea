import type { UpdateEncoding } from '../contracts/encoding.ts';
import type { TensorSchema } from '../contracts/tensor-schema.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { blockFolder } from './block-folder.ts';
import { updateLayout } from './choose-update-layout.ts';
import type { Opening } from './fold-task.ts';
import type { Lane } from './lane.ts';
import { loadModule } from './load-module.ts';
import { modelLayout } from './model-layout.ts';

/** Folds in the caller's thread: for models that are done before a worker would have started. */
export function inProcessLane(options: {
  kernels: Kernels;
  schema: TensorSchema;
  encoding: UpdateEncoding | undefined;
  openings: readonly Opening[];
}): Lane {
  const { kernels, schema, encoding, openings } = options;
  const layout = modelLayout(schema);
  const sent = updateLayout(layout, schema, encoding);
  const folder = blockFolder({ kernels, layout, sent, openings });
  return {
    async begin(task, module) {
      folder.begin(task, module === undefined ? undefined : await loadModule(module));
    },
    async add(block, updates, ciphertexts) {
      folder.add(block, updates, ciphertexts);
    },
    async finish(block, buffers) {
      return folder.finish(block, buffers);
    },
    async close() {
      folder.wipe();
    },
  };
}
