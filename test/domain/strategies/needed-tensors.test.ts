import { expect, it } from 'vitest';
import { lackOfTensors } from '../../../shared/domain/strategies/needed-tensors.ts';
import { specOf } from './small-federation.ts';

const weights = { name: 'weights', dtype: 'F32' as const, shape: [2] };

it('SCAFFOLD lacks control variates where a model has none, and other strategies do not ask for any', () => {
  const scaffold = specOf({ kind: 'scaffold' });
  expect(lackOfTensors(scaffold, [weights])).toMatch(/control\/weights/);
  expect(lackOfTensors(scaffold, [{ ...weights, name: 'control/weights' }, weights])).toBeUndefined();
  expect(lackOfTensors(scaffold, [])).toMatch(/control\/weights, of zeros/);
  expect(lackOfTensors(specOf({ kind: 'fedavg' }), [weights])).toBeUndefined();
});
