import type { StateTensor } from '../domain/strategies/fold-plan.ts';
import type { ReadInto } from '../ports/blobs.ts';
import type { Block } from './fold-task.ts';
import type { BlockBuffers, SharedBytes } from './lane.ts';
import type { ModelLayout } from './model-layout.ts';

/** What a block starts from: the base's bytes, and those of the state tensors that are `kept`, or zeros. */
export async function readBuffers(
  from: {
    readonly layout: ModelLayout;
    readonly base: ReadInto;
    readonly state: Readonly<Partial<Record<StateTensor, ReadInto>>>;
    readonly kept: readonly StateTensor[];
  },
  block: Block,
  take: (bytes: number) => SharedBytes,
): Promise<BlockBuffers> {
  const { layout, base } = from;
  const { offset, bytes } = layout.modelRange(block.from, block.to);
  const range = layout.stateRange(block.from, block.to);
  const model = take(bytes);
  const stateOf = async (name: StateTensor): Promise<SharedBytes> => {
    if (!from.kept.includes(name)) return take(0);
    const state = take(range.bytes);
    const read = from.state[name];
    if (read === undefined) state.fill(0);
    else if (range.bytes > 0) await read(range.offset, state);
    return state;
  };
  const [, m, v] = await Promise.all([
    bytes > 0 ? base(offset, model) : undefined,
    stateOf('m'),
    stateOf('v'),
  ]);
  return { model, m, v };
}
