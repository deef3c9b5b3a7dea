import type { UpdateEncoding } from '../contracts/encoding.ts';
import type { TensorSchema } from '../contracts/tensor-schema.ts';
import type { KernelChoice } from './choose-kernels.ts';
import type { Opening } from './fold-task.ts';
import { giveWorker, takeWorker } from './idle-workers.ts';
import type { Lane } from './lane.ts';
import { packOpenings } from './worker-messages.ts';

/** Has a worker thread fold and hands it the keys of all updates. Throws `FoldRefused` as `blockFolder` does. */
export async function workerLane(options: {
  schema: TensorSchema;
  encoding: UpdateEncoding | undefined;
  openings: readonly Opening[];
  kernels: KernelChoice;
}): Promise<Lane> {
  const thread = takeWorker();
  const openings = packOpenings(options.openings);
  const { schema, encoding, kernels } = options;
  try {
    await thread.ask({ kind: 'open', schema, encoding, openings, kernels }, [openings.buffer]);
  } catch (error) {
    await thread.end();
    throw error;
  }
  let foreignCode = false;
  return {
    async begin(task, module) {
      foreignCode ||= module !== undefined;
      await thread.ask({ kind: 'begin', task, module });
    },
    async add(block, updates, ciphertexts) {
      await thread.ask({ kind: 'add', block, updates, ciphertexts });
    },
    async finish(block, buffers) {
      const answer = await thread.ask({ kind: 'finish', block, buffers });
      if (answer.kind !== 'finished') throw new Error(`an aggregation worker answered ${answer.kind}`);
      return answer.partials;
    },
    async close() {
      // Keys and updates are wiped by the worker itself; where it is beyond that, its memory goes with it.
      await thread.ask({ kind: 'close' }).catch(() => undefined);
      // A module may remember things, and what it makes of the next updates must not depend on these.
      if (thread.sound() && !foreignCode) giveWorker(thread);
      else await thread.end();
    },
  };
}
