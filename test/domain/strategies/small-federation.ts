/**
 * A round over vectors of a few float64 numbers: measures what a strategy wants, carries out its plan by the words of
 * fold-plan.ts, and shares no arithmetic with the product.
 */
import { type StrategySpec, strategySpec } from '../../../shared/contracts/strategy-spec.ts';
import type {
  Decision,
  Statistics,
  Strategy,
  StrategyScalars,
  UpdateFigures,
} from '../../../shared/domain/strategies/decision.ts';
import type { Combination, FoldPlan } from '../../../shared/domain/strategies/fold-plan.ts';
import { strategyOf } from '../../../shared/domain/strategies/resolve-strategy.ts';
import type { UserStrategy } from '../../../shared/domain/strategies/user-strategy.ts';

export type Vector = readonly number[];

export interface SmallUpdate {
  readonly x: Vector;
  readonly silo?: string;
  readonly weight?: number;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly staleness?: number;
}

/** A spec as a person writes it, with its defaults filled in. */
export function specOf(written: { kind: string } & Record<string, unknown>): StrategySpec {
  return strategySpec.parse(written);
}

export function strategy(
  written: { kind: string } & Record<string, unknown>,
  surroundings: { silos?: number; userStrategy?: UserStrategy } = {},
): Strategy {
  return strategyOf(specOf(written), { silos: 10, ...surroundings });
}

export function figuresOf(updates: readonly SmallUpdate[]): UpdateFigures[] {
  return updates.map(({ x, silo, weight, metrics, staleness }, index) => ({
    silo: silo ?? `silo-${String(index).padStart(3, '0')}`,
    weight: weight ?? 1,
    norm: Math.hypot(...x),
    metrics: metrics ?? {},
    staleness: staleness ?? 0,
  }));
}

function measure(
  rule: Strategy,
  figures: UpdateFigures[],
  xs: Vector[],
  scales: readonly number[],
): Statistics {
  const scaled = xs.map((x, i) => x.map((value) => value * (scales[i] ?? Number.NaN)));
  if (rule.statistics === 'distances') {
    const pairs = scaled.flatMap((a) => scaled.map((b) => squares(a.map((value, d) => value - (b[d] ?? 0)))));
    return { distances: Float64Array.from(pairs) };
  }
  if (rule.statistics === 'products') {
    const trusted = xs[rule.trusted?.(figures) ?? -1] ?? [];
    return { products: Float64Array.from(scaled, (x) => dot(x, trusted)) };
  }
  return {};
}

function squares(x: Vector): number {
  return dot(x, x);
}
function dot(a: Vector, b: Vector): number {
  return a.reduce((sum, value, d) => sum + value * (b[d] ?? 0), 0);
}

export interface SmallRound extends Decision {
  readonly step: number[];
}

/** One round: throws where the strategy's check refuses. */
export function runRound(
  rule: Strategy,
  updates: readonly SmallUpdate[],
  scalars: StrategyScalars = {},
): SmallRound {
  const figures = figuresOf(updates);
  const refusal = rule.check(figures);
  if (refusal !== undefined) throw new Error(`${refusal.slug}: ${refusal.detail}`);
  const scales = rule.scales(figures, scalars);
  const xs = updates.map(({ x }) => x);
  const decision = rule.decide(figures, scales, measure(rule, figures, xs, scales), scalars);
  return { ...decision, step: combine(decision.plan.combination, xs) };
}

/** The step that a combination makes, coordinate by coordinate. */
export function combine(combination: Combination, xs: readonly Vector[]): number[] {
  const width = xs[0]?.length ?? 0;
  return Array.from({ length: width }, (_, d) =>
    combineColumn(
      combination,
      xs.map((x) => x[d] ?? Number.NaN),
    ),
  );
}

function combineColumn(combination: Combination, column: number[]): number {
  switch (combination.kind) {
    case 'mean': {
      const { coefficients, divisor } = combination;
      return column.reduce((sum, value, i) => sum + (coefficients[i] ?? Number.NaN) * value, 0) / divisor;
    }
    case 'median':
      return middle(sorted(scaled(column, combination.scales)));
    case 'trimmed-mean': {
      const values = sorted(scaled(column, combination.scales));
      return mean(values.slice(combination.trim, values.length - combination.trim));
    }
    case 'near-median-mean': {
      const all = scaled(column, combination.scales);
      const values = sorted(combination.members.map((member) => all[member] ?? Number.NaN));
      const centre = middle(values);
      const nearest = values.toSorted((a, b) => Math.abs(a - centre) - Math.abs(b - centre) || a - b);
      return mean(nearest.slice(0, combination.keep));
    }
    case 'module':
      throw new Error('modules fold for themselves');
  }
}

function scaled(column: readonly number[], scales: readonly number[]): number[] {
  return column.map((value, i) => value * (scales[i] ?? Number.NaN));
}
function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}
function middle(values: readonly number[]): number {
  const [lower = Number.NaN, upper = Number.NaN] = [
    values[Math.floor((values.length - 1) / 2)],
    values[Math.floor(values.length / 2)],
  ];
  return (lower + upper) / 2;
}
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The server's model and moments, beginning at zero. */
export class SmallServer {
  x: number[];
  m: number[];
  v: number[];

  constructor(x: readonly number[]) {
    this.x = [...x];
    this.m = x.map(() => 0);
    this.v = x.map(() => 0);
  }

  apply({ server }: FoldPlan, step: readonly number[]): number[] {
    for (const [d, s] of step.entries()) {
      this.x[d] = (this.x[d] ?? Number.NaN) + this.#move(server, d, s);
    }
    return this.x;
  }

  #move(server: FoldPlan['server'], d: number, s: number): number {
    if (server.kind === 'add') return server.learningRate * s;
    const [m, v] = [this.m[d] ?? Number.NaN, this.v[d] ?? Number.NaN];
    if (server.kind === 'momentum') {
      this.m[d] = server.momentum * m + s;
      return server.learningRate * (this.m[d] ?? Number.NaN);
    }
    const { beta1, beta2, tau, learningRate } = server;
    const moment = beta1 * m + (1 - beta1) * s;
    const square =
      server.kind === 'adagrad'
        ? v + s * s
        : server.kind === 'adam'
          ? beta2 * v + (1 - beta2) * s * s
          : v - (1 - beta2) * s * s * Math.sign(v - s * s);
    this.m[d] = moment;
    this.v[d] = square;
    return (learningRate * moment) / (Math.sqrt(square) + tau);
  }
}
