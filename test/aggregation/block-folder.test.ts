import { describe, expect, it } from 'vitest';
import { blockFolder } from '../../shared/aggregation/block-folder.ts';
import type { Combination } from '../../shared/domain/strategies/fold-plan.ts';
import { referenceKernels } from '../../shared/kernels/reference-kernels.ts';
import {
  base,
  block,
  buffers,
  ciphertexts,
  foldTask,
  headerBytes,
  layout,
  openings,
  plan,
  sent,
} from './one-block.ts';

const folder = (given = openings) =>
  blockFolder({ kernels: referenceKernels(), layout, sent, openings: given });

describe('a block folder', () => {
  it('folds nothing before it knows what', () => {
    expect(() => folder().add(block, [0], ciphertexts())).toThrow('no task was begun');
    expect(() => folder().finish(block, buffers())).toThrow('no task was begun');
  });

  it('has no update that it has no key of', () => {
    const begun = folder();
    begun.begin(foldTask);
    expect(() => begun.add(block, [3], ciphertexts())).toThrow('There is no update 3.');
  });

  it('takes no ciphertext that is shorter than the block, or is not there', () => {
    const begun = folder();
    begun.begin(foldTask);
    const [first = new Uint8Array(0)] = ciphertexts();
    const { bytes } = sent.ciphertextRange(block);
    expect(() => begun.add(block, [0], [first.subarray(1)])).toThrow(
      `A block of ${bytes} bytes was read with ${bytes - 1}.`,
    );
    expect(() => begun.add(block, [0, 1], [first])).toThrow(`A block of ${bytes} bytes was read with 0.`);
  });

  it('blames an update for a key that does not fit, but nobody for one that is no key', () => {
    const withKey = (key: Uint8Array) =>
      openings.map((opening, i) => (i === 2 ? { ...opening, key } : opening));
    expect(() => folder(withKey(new Uint8Array(32)))).toThrow(
      expect.objectContaining({ name: 'FoldRefused', slug: 'header-tag', update: 2 }) as Error,
    );
    expect(() => folder(withKey(new Uint8Array(31)))).toThrow(RangeError);
  });

  it('leaves the base as it is where no update came', () => {
    const begun = folder();
    begun.begin(foldTask);
    const made = buffers();
    expect([...begun.finish(block, made)]).toEqual([]);
    expect(Buffer.from(made.model).equals(base.subarray(headerBytes))).toBe(true);
  });

  it('begins a block afresh that a new task was begun before', () => {
    const begun = folder();
    begun.begin(foldTask);
    begun.add(block, [0, 1, 2], ciphertexts());
    begun.begin(foldTask);
    const made = buffers();
    begun.finish(block, made);
    expect(Buffer.from(made.model).equals(base.subarray(headerBytes))).toBe(true);
  });

  it('does not fold by a module that it was not given', () => {
    const combination: Combination = { kind: 'module', module: 'mine', scales: [1, 1, 1], parameters: {} };
    const begun = folder();
    begun.begin({ kind: 'fold', plan: { ...plan, combination }, evidence: false });
    begun.add(block, [0, 1, 2], ciphertexts());
    expect(() => begun.finish(block, buffers())).toThrow('the module mine was not loaded');
  });
});
