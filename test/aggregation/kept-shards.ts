/** Checkpoints in memory, which can be told to die. */
import type { Checkpoints, FinishedShard, PassName } from '../../shared/aggregation/checkpoints.ts';
import type { Block } from '../../shared/aggregation/fold-task.ts';
import type { Output } from '../../shared/aggregation/output.ts';

/** What a process that was killed is seen as by the one that it was killed in. */
export class Killed extends Error {}

export interface KeptShards extends Checkpoints {
  /** Shards begun since this was last looked at, in order. */
  readonly begun: { readonly pass: PassName; readonly columns: Block }[];
  /** Dies at the given one of the coming steps: a shard's beginning, a write, a commit before or after it counts. */
  dieAt(step: number): void;
  /** Cuts shards of another size from now on. */
  cut(shardBytes: number): void;
}

export function keptShards(shardBytes: number): KeptShards {
  const finished = new Map<string, { to: number; sums: Float64Array; files: Map<Output, Buffer[]> }>();
  const begun: { pass: PassName; columns: Block }[] = [];
  let size = shardBytes;
  let left = Number.POSITIVE_INFINITY;
  const step = (): void => {
    left -= 1;
    if (left < 0) throw new Killed();
  };
  const place = (pass: PassName, from: number): string => `${pass} ${from}`;
  return {
    begun,
    get shardBytes() {
      return size;
    },
    dieAt(count) {
      left = count;
    },
    cut(bytes) {
      size = bytes;
    },
    async find(pass, from): Promise<FinishedShard | undefined> {
      const found = finished.get(place(pass, from));
      return (
        found && {
          ...found,
          read: async (name, write) => {
            for (const chunk of found.files.get(name) ?? []) await write(chunk);
          },
        }
      );
    },
    async begin(pass, columns) {
      step();
      begun.push({ pass, columns });
      const files = new Map<Output, Buffer[]>();
      return {
        async write(name, chunk) {
          step();
          const list = files.get(name) ?? [];
          files.set(name, [...list, Buffer.from(chunk)]);
        },
        async commit(sums) {
          step();
          finished.set(place(pass, columns.from), { to: columns.to, sums: sums.slice(), files });
          step();
        },
      };
    },
  };
}
