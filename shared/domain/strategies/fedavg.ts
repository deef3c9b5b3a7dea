/**
 * Federated averaging: the example-weighted mean of the silos' deltas. McMahan, Moore, Ramage, Hampson and Agüera y
 * Arcas, "Communication-Efficient Learning of Deep Networks from Decentralized Data", AISTATS 2017, Algorithm 1;
 * averaging deltas onto the base equals averaging models when all silos began at that base.
 *
 * Numerics: whole weights under 2^29 times a float32 are exact in float64; sums run in canonical order in float64;
 * one division at the end. Dividing weights first would round once per silo and change with their number.
 */
import type { Strategy } from './strategy.ts';

const MAX_WEIGHT = 2 ** 29 - 1;

export function fedavg(): Strategy {
  return {
    kind: 'fedavg',
    block(_start, length) {
      const sum = new Float64Array(length);
      let total = 0;
      return {
        add(delta, weight) {
          if (!Number.isInteger(weight) || weight < 1 || weight > MAX_WEIGHT) {
            throw new RangeError(`A weight is a whole number from 1 to ${MAX_WEIGHT}.`);
          }
          if (delta.length !== length) throw new RangeError(`The block has ${length} coordinates.`);
          for (let i = 0; i < length; i++) sum[i] = (sum[i] ?? 0) + weight * (delta[i] ?? 0);
          total += weight;
        },
        finish() {
          if (total === 0) throw new RangeError('There is no mean of no updates.');
          for (let i = 0; i < length; i++) sum[i] = (sum[i] ?? 0) / total;
          return sum;
        },
      };
    },
  };
}
