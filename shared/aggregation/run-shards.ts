import { FLSE } from '../sealing/floe.ts';
import type { Checkpoints, FinishedShard, PassName, ShardWriter } from './checkpoints.ts';
import type { Block } from './fold-task.ts';

export interface ShardedPass {
  readonly name: PassName;
  readonly columns: number;
  readonly checkpoints: Checkpoints | undefined;
  /** Running sums of the pass, which `run` adds to. */
  readonly sums: Float64Array;
  /** Takes over what an earlier run wrote. */
  readonly resume: (shard: FinishedShard) => Promise<void>;
  /** Works through some columns; `kept` takes what has to be found again, where it has to. */
  readonly run: (columns: Block, kept: ShardWriter | undefined) => Promise<void>;
}

/**
 * Works through a pass shard by shard, from where an earlier run stopped. The last shard of a fold is not kept: what
 * comes after it is as quickly done as finding it would be. A model of one shard leaves nothing behind.
 */
export async function runShards({
  name,
  columns,
  checkpoints,
  sums,
  resume,
  run,
}: ShardedPass): Promise<void> {
  const most = Math.max(1, Math.floor((checkpoints?.shardBytes ?? 0) / FLSE.segmentPlaintext));
  if (checkpoints === undefined || columns <= most) return run({ from: 0, to: columns }, undefined);
  let from = 0;
  while (from < columns) {
    const found = await checkpoints.find(name, from);
    if (found === undefined) break;
    sums.set(found.sums);
    await resume(found);
    from = found.to;
  }
  while (from < columns) {
    const shard = { from, to: Math.min(from + most, columns) };
    const keep = shard.to < columns || name === 'measure';
    const kept = keep ? await checkpoints.begin(name, shard) : undefined;
    await run(shard, kept);
    await kept?.commit(sums);
    from = shard.to;
  }
}
