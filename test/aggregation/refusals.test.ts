import { describe, expect, it } from 'vitest';
import type { FoldPlan } from '../../shared/domain/strategies/fold-plan.ts';
import { FLSE } from '../../shared/sealing/floe.ts';
import { plainFold } from './plain-fold.ts';
import { aggregateSet, type Federation, federationOf, planned, readerOf } from './sealed-set.ts';

const schema = [{ name: 'a', dtype: 'F32' as const, shape: [100_000] }];
const federation = federationOf(schema, 5, 3);
const ones = { kind: 'mean' as const, coefficients: [1, 1, 1, 1, 1], divisor: 5 };
const plan: FoldPlan = {
  sumMode: 'canonical-f64/1',
  combination: ones,
  integers: ones,
  server: { kind: 'add', learningRate: 1 },
};

/** The same set, with something done to the ciphertext of its fourth update. */
function damaged(damage: (ciphertext: Buffer) => Buffer): Federation {
  const updates = federation.updates.map((update, i) =>
    i === 3 ? { ...update, readCiphertext: readerOf(damage(Buffer.from(update.ciphertext))) } : update,
  );
  return { ...federation, updates };
}

describe.each([
  ['in the own thread', 0],
  ['in worker threads', 2],
])('an aggregation %s', (_, workers) => {
  it('ends with the silo and the reason where a segment does not verify', async () => {
    const set = damaged((bytes) => {
      bytes[FLSE.headerLength + FLSE.segmentLength + 99] =
        (bytes[FLSE.headerLength + FLSE.segmentLength + 99] ?? 0) ^ 1;
      return bytes;
    });
    const { result } = await aggregateSet(set, planned(plan), { workers });
    expect(result).toMatchObject({ ok: false, slug: 'segment-tag', silo: 'silo-0003' });
  });

  it('ends with the silo and the reason where two segments are swapped', async () => {
    const set = damaged((bytes) => {
      const whole = Buffer.from(bytes);
      whole.copy(
        bytes,
        FLSE.headerLength,
        FLSE.headerLength + FLSE.segmentLength,
        FLSE.headerLength + 300_000,
      );
      return bytes;
    });
    const { result } = await aggregateSet(set, planned(plan), { workers });
    expect(result).toMatchObject({ ok: false, slug: 'segment-tag', silo: 'silo-0003' });
  });

  it('ends with the silo and the reason where a key is of another update', async () => {
    const updates = federation.updates.map((update, i) =>
      i === 2 ? { ...update, opening: { ...update.opening, key: Buffer.alloc(32) } } : update,
    );
    const { result } = await aggregateSet({ ...federation, updates }, planned(plan), { workers });
    expect(result).toMatchObject({ ok: false, slug: 'header-tag', silo: 'silo-0002' });
  });

  it('throws what a reader throws', async () => {
    const set = damaged((bytes) => bytes.subarray(0, bytes.length - 1));
    await expect(aggregateSet(set, planned(plan), { workers })).rejects.toThrow('read past the end');
  });

  it('throws what a writer throws', async () => {
    const failing = { output: async () => async () => Promise.reject(new Error('the disk is full')) };
    await expect(aggregateSet(federation, planned(plan), { workers }, failing)).rejects.toThrow(
      'the disk is full',
    );
  });

  it('stops on abort', async () => {
    const signal = AbortSignal.abort(new Error('cancelled by the operator'));
    await expect(aggregateSet(federation, planned(plan), { workers, signal })).rejects.toThrow(
      'cancelled by the operator',
    );
  });

  it('refuses a model that overflows', async () => {
    const server = { kind: 'add' as const, learningRate: 1e40 };
    const { result } = await aggregateSet(federation, planned({ ...plan, server }), { workers });
    expect(result).toMatchObject({ ok: false, slug: 'not-finite' });
  });

  it('refuses exact sums that leave their range', async () => {
    const coefficients = ones.coefficients.map(() => 2 ** 40);
    const combination = { ...ones, coefficients };
    const exact: FoldPlan = { ...plan, sumMode: 'exact-fixed/1', combination };
    const { result } = await aggregateSet(federation, planned(exact), { workers });
    expect(result).toMatchObject({ ok: false, slug: 'strategy-precondition' });
  });
});

describe('an aggregation', () => {
  it('does not read an update whose coefficient is 0', async () => {
    const combination = { ...ones, coefficients: [1, 1, 1, 0, 1], divisor: 4 };
    const set = damaged(() => Buffer.alloc(0));
    const without = { ...plan, combination, integers: combination };
    const { result, files } = await aggregateSet(set, planned(without), { workers: 0 });
    const plain = plainFold(schema, federation.base, federation.plaintexts, without);
    expect(files.model?.equals(plain.model)).toBe(true);
    expect(result).toMatchObject({ cosines: { 3: null } });
  });

  it('refuses to compare more updates than a column of memory holds', async () => {
    const many = {
      ...federation,
      updates: Array.from({ length: 1_025 }, () => federation.updates[0]).flatMap((update) =>
        update ? [update] : [],
      ),
    };
    const median = { ...plan, combination: { kind: 'median' as const, scales: many.updates.map(() => 1) } };
    const { result } = await aggregateSet(many, planned(median), { workers: 0 });
    expect(result).toMatchObject({ ok: false, slug: 'strategy-precondition' });
  });

  it('measures the cosine of each update to the step', async () => {
    const { result } = await aggregateSet(federation, planned(plan), { workers: 0 });
    const values = federation.plaintexts.map((bytes) => {
      const at = 8 + Number(bytes.readBigUInt64LE(0));
      return Array.from({ length: 100_000 }, (_, i) => bytes.readFloatLE(at + 4 * i));
    });
    const step = Array.from(
      { length: 100_000 },
      (_, i) => values.reduce((sum, x) => sum + (x[i] ?? 0), 0) / 5,
    );
    const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
    if (!result.ok) throw new Error(result.detail);
    for (const [i, cosine] of result.cosines.entries()) {
      const x = values[i] ?? [];
      expect(cosine).toBeCloseTo(dot(x, step) / Math.sqrt(dot(x, x) * dot(step, step)), 6);
    }
  });
});
