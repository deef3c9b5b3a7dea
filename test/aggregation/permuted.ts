import { below, seeded } from '../sealing/seeded.ts';
import type { AggregationCase } from './cases.ts';

/** The same updates and what a plan of means says of each, in another order. */
export function permuted(given: AggregationCase, seed: number): AggregationCase {
  const { federation, plan, scales } = given;
  if (plan.combination.kind !== 'mean') throw new Error('only means take updates in any order');
  const random = seeded(seed);
  const order = federation.updates.map((_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = below(random, i + 1);
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  const moved = <T>(list: readonly T[]): T[] => order.flatMap((i) => list.slice(i, i + 1));
  const mean = <M extends { coefficients: readonly number[] }>(one: M): M => ({
    ...one,
    coefficients: moved(one.coefficients),
  });
  const { control, ...rest } = plan;
  return {
    ...given,
    federation: { ...federation, updates: moved(federation.updates) },
    plan: {
      ...rest,
      combination: mean(plan.combination),
      integers: mean(plan.integers),
      ...(control === undefined ? {} : { control: mean(control) }),
    },
    statistics: 'none',
    scales: moved(scales),
  };
}
