/** Numbered aggregations, each the same on every machine: models, updates and plans from one seed. */
import { createHash } from 'node:crypto';
import type { AggregateOptions } from '../../shared/aggregation/aggregate.ts';
import type { Statistics, Strategy } from '../../shared/domain/strategies/decision.ts';
import {
  type Combination,
  type FoldPlan,
  type ServerStep,
  stateTensorsOf,
} from '../../shared/domain/strategies/fold-plan.ts';
import { writeSafetensors } from '../../shared/tensors/safetensors.ts';
import { below, seeded } from '../sealing/seeded.ts';
import {
  aggregateSet,
  type Federation,
  federationOf,
  planned,
  randomSchema,
  readerOf,
} from './sealed-set.ts';

type Mean = Combination & { readonly kind: 'mean' };

export interface AggregationCase {
  readonly federation: Federation;
  readonly plan: FoldPlan;
  readonly statistics: Strategy['statistics'];
  readonly scales: readonly number[];
  readonly state: { readonly m?: Buffer; readonly v?: Buffer };
}

export function caseOf(seed: number): AggregationCase {
  const random = seeded(10_000 + seed);
  // Every tenth has several columns; in these float32 dominates, as it does in practice.
  const wide = seed % 10 === 0;
  const schema = randomSchema(random, {
    elements: wide ? 100_000 : 300,
    control: seed % 3 === 0,
    ...(wide ? { dtypes: ['F32', 'F32', 'F64', 'I64', 'U8'] as const } : {}),
  });
  const silos = 1 + below(random, wide ? 4 : 12);
  const federation = federationOf(schema, silos, seed, 8);
  const scales = federation.updates.map(() => (below(random, 3) === 0 ? random() : 1));
  const exact = seed % 4 === 1;
  const weights = federation.updates.map(({ figures }) => (below(random, 6) === 0 ? 0 : figures.weight));
  const plan: FoldPlan = {
    sumMode: exact ? 'exact-fixed/1' : 'canonical-f64/1',
    combination: exact ? meanOf(weights) : combinationOf(seed, random, weights, scales),
    integers: meanOf(weights),
    ...(seed % 6 === 0 ? { control: meanOf(weights.map((_, i) => i % 2)) } : {}),
    server: serverOf(seed, random),
  };
  const statistics = (['none', 'distances', 'products'] as const)[seed % 3] ?? 'none';
  return { federation, plan, statistics, scales, state: stateOf(federation, plan, random) };
}

function meanOf(coefficients: readonly number[]): Mean {
  const total = coefficients.reduce((sum, value) => sum + value, 0);
  return { kind: 'mean', coefficients, divisor: total === 0 ? 1 : total };
}

function combinationOf(
  seed: number,
  random: () => number,
  weights: readonly number[],
  scales: readonly number[],
): Combination {
  const silos = scales.length;
  switch (seed % 7) {
    case 1:
      return { kind: 'median', scales };
    case 2:
      return { kind: 'trimmed-mean', scales, trim: below(random, Math.ceil(silos / 2)) };
    case 3: {
      const members = scales.flatMap((_, i) => (i === 0 || below(random, 3) > 0 ? [i] : []));
      return { kind: 'near-median-mean', scales, members, keep: 1 + below(random, members.length) };
    }
    case 4:
      return meanOf(weights.map((weight, i) => weight * (scales[i] ?? 1)));
    default:
      return meanOf(weights);
  }
}

function serverOf(seed: number, random: () => number): ServerStep {
  const learningRate = 0.25 + random();
  const adaptive = { learningRate, beta1: 0.9, beta2: 0.99, tau: 1e-3 };
  switch (seed % 8) {
    case 2:
      return { kind: 'add', learningRate };
    case 3:
      return { kind: 'momentum', learningRate, momentum: 0.9 };
    case 5:
      return { kind: 'adam', ...adaptive };
    case 6:
      return { kind: 'yogi', ...adaptive };
    case 7:
      return { kind: 'adagrad', ...adaptive };
    default:
      return { kind: 'add', learningRate: 1 };
  }
}

/** Half of the cases have state already. */
function stateOf({ schema }: Federation, plan: FoldPlan, random: () => number): { m?: Buffer; v?: Buffer } {
  if (below(random, 2) === 0) return {};
  const kept = schema.filter(({ name, dtype }) => /^(F|BF)/.test(dtype) && !name.startsWith('control/'));
  const file = (draw: () => number): Buffer =>
    writeSafetensors(
      kept.map(({ name, shape }) => {
        const count = shape.reduce((product, extent) => product * extent, 1);
        return {
          name,
          dtype: 'F32',
          shape,
          data: Buffer.from(Float32Array.from({ length: count }, draw).buffer),
        };
      }),
    );
  return Object.fromEntries(
    stateTensorsOf(plan.server).map((name) => [name, file(name === 'm' ? () => random() - 0.5 : random)]),
  );
}

/**
 * SHA-256 over everything that an aggregation gives: the files, the statistics, the evidence, or the refusal. Over
 * `files` alone where the order of the updates is another.
 */
export async function digestOf(
  { federation, plan, statistics, scales, state }: AggregationCase,
  options: AggregateOptions = {},
  more: Parameters<typeof aggregateSet>[3] = {},
  over: 'all' | 'files' = 'all',
): Promise<string> {
  const hash = createHash('sha256');
  const measured = ({ distances, products }: Statistics): void => {
    for (const figures of over === 'all' ? [distances, products] : [])
      if (figures) hash.update(Buffer.from(figures.buffer));
  };
  const strategy = planned(plan, { statistics, scales: () => scales, onStatistics: measured });
  const { result, files } = await aggregateSet(federation, strategy, options, {
    state: Object.fromEntries(Object.entries(state).map(([name, bytes]) => [name, readerOf(bytes)])),
    ...more,
  });
  hash.update(result.ok ? (over === 'all' ? JSON.stringify(result.cosines) : '') : result.slug);
  if (result.ok) for (const name of ['model', 'm', 'v'] as const) hash.update(files[name] ?? '');
  return hash.digest('hex');
}
