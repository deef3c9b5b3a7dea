import { availableParallelism } from 'node:os';
import type { UpdateEncoding } from '../contracts/encoding.ts';
import type { TensorSchema } from '../contracts/tensor-schema.ts';
import { keepFreedMemory } from '../memory/keep-freed-memory.ts';
import { type KernelChoice, kernelsOf } from './choose-kernels.ts';
import type { Opening } from './fold-task.ts';
import { inProcessLane } from './in-process-lane.ts';
import type { Lane } from './lane.ts';
import { workerLane } from './worker-lane.ts';

/** Bytes of ciphertext that are opened before a worker would be ready. */
const WORTH_WORKERS = 16 * 2 ** 20;
const MOST_WORKERS = 8;

export interface LaneOptions {
  /** Worker threads; 0 folds in the caller's thread. Default: one per core, at most 8. */
  readonly workers?: number | undefined;
  readonly kernels?: KernelChoice | undefined;
}

/** Readies the threads that fold; the caller closes them. `bytes` is the size of all updates together. */
export async function openLanes(
  options: LaneOptions,
  job: {
    schema: TensorSchema;
    encoding: UpdateEncoding | undefined;
    openings: readonly Opening[];
    bytes: number;
  },
): Promise<Lane[]> {
  const { schema, encoding, openings } = job;
  const kernels = options.kernels ?? 'simd';
  const most = options.workers ?? Math.min(availableParallelism(), MOST_WORKERS);
  if (most === 0 || (options.workers === undefined && job.bytes < WORTH_WORKERS)) {
    return [inProcessLane({ kernels: kernelsOf(kernels), schema, encoding, openings })];
  }
  keepFreedMemory();
  const started = await Promise.allSettled(
    Array.from({ length: most }, () => workerLane({ schema, encoding, openings, kernels })),
  );
  const lanes = started.flatMap((lane) => (lane.status === 'fulfilled' ? [lane.value] : []));
  const failed = started.find((lane) => lane.status === 'rejected');
  if (failed === undefined) return lanes;
  await Promise.all(lanes.map((lane) => lane.close()));
  throw failed.reason;
}
