/**
 * What an aggregation leaves behind so that another one of the same set can go on where it stopped. A shard is a run of
 * whole columns; figures across coordinates are running sums in the columns' order. So a model comes out in the same
 * bytes however it was cut and wherever it was interrupted.
 */
import type { Block } from './fold-task.ts';
import type { Output, Write } from './output.ts';

export type PassName = 'measure' | 'fold';

export interface Checkpoints {
  /** How much of the model, in bytes, may have to be made again. */
  readonly shardBytes: number;
  /** The finished shard of a pass that begins at a column. Shards need not have been cut as they would be now. */
  find(pass: PassName, from: number): Promise<FinishedShard | undefined>;
  /** Begins a shard. What it throws ends the aggregation, with all shards before kept. */
  begin(pass: PassName, columns: Block): Promise<ShardWriter>;
}

export interface FinishedShard {
  /** The column after its last. */
  readonly to: number;
  /** All figures up to here, not this shard's alone. */
  readonly sums: Float64Array;
  /** Hands on what the pass wrote of a file. */
  readonly read: (name: Output, write: Write) => Promise<void>;
}

export interface ShardWriter {
  readonly write: (name: Output, chunk: Uint8Array) => Promise<void>;
  /** Nothing of a shard is found again before it is committed. */
  readonly commit: (sums: Float64Array) => Promise<void>;
}
