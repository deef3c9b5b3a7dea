/** One block of a small set of sealed updates, as lanes are given it: no pass, no files. */
import { updateLayout } from '../../shared/aggregation/choose-update-layout.ts';
import type { Block, Task } from '../../shared/aggregation/fold-task.ts';
import type { BlockBuffers, SharedBytes } from '../../shared/aggregation/lane.ts';
import { modelLayout } from '../../shared/aggregation/model-layout.ts';
import type { FoldPlan } from '../../shared/domain/strategies/fold-plan.ts';
import { federationOf } from './sealed-set.ts';

const federation = federationOf([{ name: 'a', dtype: 'F32', shape: [1_000] }], 3, 5);
export const { schema, base, plaintexts, updates } = federation;
export const layout = modelLayout(schema);
export const sent = updateLayout(layout, schema, undefined);
export const openings = updates.map(({ opening }) => opening);
export const block: Block = { from: 0, to: 1 };
export const headerBytes = layout.header.length;

const thirds = { kind: 'mean' as const, coefficients: [1, 1, 1], divisor: 3 };
export const plan: FoldPlan = {
  sumMode: 'canonical-f64/1',
  combination: thirds,
  integers: thirds,
  server: { kind: 'add', learningRate: 1 },
};
export const foldTask: Task = { kind: 'fold', plan, evidence: false };

function shared(bytes: Uint8Array): SharedBytes {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

/** The ciphertext of each update's only segment. */
export function ciphertexts(): SharedBytes[] {
  const { offset, bytes } = sent.ciphertextRange(block);
  return updates.map(({ ciphertext }) => shared(ciphertext.subarray(offset, offset + bytes)));
}

/** The base's elements. */
export function buffers(): BlockBuffers {
  const none = shared(new Uint8Array(0));
  return { model: shared(base.subarray(headerBytes)), m: none, v: none };
}
