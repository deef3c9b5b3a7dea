import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fedavg } from '../../../shared/domain/strategies/fedavg.ts';

function average(length: number, ...updates: [number[], number][]): number[] {
  const fold = fedavg().block(0, length);
  for (const [delta, weight] of updates) fold.add(Float64Array.from(delta), weight);
  return [...fold.finish()];
}

describe('federated averaging', () => {
  it('is the mean of the deltas weighted by their examples', () => {
    expect(average(2, [[1, 10], 1], [[4, -20], 2])).toEqual([3, -10]);
  });

  it('of one silo is its own delta, whatever its weight', () => {
    expect(average(3, [[0.1, -0.2, 1e-30], 2 ** 29 - 1])).toEqual([0.1, -0.2, 1e-30]);
  });

  it('divides once, at the end: thirds of equal deltas are that delta', () => {
    const delta = [0.1, 1 / 3, Math.fround(0.7)];
    const third: [number[], number] = [delta.map(Math.fround), 1];
    expect(average(3, third, third, third)).toEqual(delta.map(Math.fround));
  });

  it('leaves the deltas as they were and does not keep them', () => {
    const fold = fedavg().block(0, 1);
    const delta = Float64Array.of(2);
    fold.add(delta, 1);
    expect(delta[0]).toBe(2);
    delta[0] = 100;
    fold.add(Float64Array.of(4), 1);
    expect([...fold.finish()]).toEqual([3]);
  });

  it('of float32 deltas in a common range is exact, so even their order does not matter', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(weights, fc.integer(), (values, seed) => {
        const updates = values.map((weight, i): [number[], number] => [
          [((seed + i * 7_919) % 4_096) / 256],
          weight,
        ]);
        expect(average(1, ...updates)).toEqual(average(1, ...updates.reverse()));
      }),
    );
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 29, Number.POSITIVE_INFINITY])('refuses the weight %d', (weight) => {
    expect(() => average(1, [[1], weight])).toThrow(RangeError);
  });

  it('refuses a delta of another length and a mean of nothing', () => {
    expect(() => average(2, [[1], 1])).toThrow(RangeError);
    expect(() => average(2)).toThrow(RangeError);
  });
});
