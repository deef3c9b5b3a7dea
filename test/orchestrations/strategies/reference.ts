/**
 * What a strategy makes of a round, worked out from the papers over short lists of float64 numbers. Nothing of the
 * product's arithmetic is used here.
 */
export type Numbers = readonly number[];

export interface Sent {
  /** The float elements that are no control variates. */
  readonly floats: Numbers;
  readonly control: Numbers;
  readonly seen: number;
  readonly weight: number;
  readonly steps: number;
  /** Rounds late. */
  readonly late: number;
}

/** How a rule combines what was sent: one step for the floats, one for the counter, one for control variates. */
export interface Step {
  readonly floats: Numbers;
  readonly seen: number;
  readonly control: Numbers;
}

export type ReferenceRule = (sent: readonly Sent[], scales: Numbers) => Step;

export const sum = (values: Numbers): number => values.reduce((so, value) => so + value, 0);
const dot = (a: Numbers, b: Numbers): number => sum(a.map((value, d) => value * (b[d] ?? 0)));
const norm = (x: Numbers): number => Math.sqrt(dot(x, x));
const squaredDistance = (a: Numbers, b: Numbers): number =>
  sum(a.map((value, d) => (value - (b[d] ?? 0)) ** 2));
const ascending = (values: Numbers): number[] => values.toSorted((a, b) => a - b);
const mean = (values: Numbers): number => sum(values) / values.length;

function middle(values: Numbers): number {
  const sorted = ascending(values);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}

const clipped = (sent: readonly Sent[], scales: Numbers): Numbers[] =>
  sent.map(({ floats }, i) => floats.map((value) => value * (scales[i] ?? 1)));

/** Each coordinate by itself. */
const perCoordinate = (xs: readonly Numbers[], rule: (column: number[]) => number): number[] =>
  (xs[0] ?? []).map((_, d) => rule(xs.map((x) => x[d] ?? 0)));

const weighted = (xs: readonly Numbers[], coefficients: Numbers): number[] =>
  perCoordinate(xs, (column) => dot(column, coefficients));

/** The weight that silos report, at most ten times the median one. */
const capped = (sent: readonly Sent[]): number[] => {
  const most = Math.floor(10 * middle(sent.map(({ weight }) => weight)));
  return sent.map(({ weight }) => Math.min(weight, most));
};

function byCoefficients(sent: readonly Sent[], xs: readonly Numbers[], coefficients: Numbers): Step {
  return {
    floats: weighted(xs, coefficients),
    seen: dot(
      sent.map(({ seen }) => seen),
      coefficients,
    ),
    control: weighted(
      sent.map(({ control }) => control),
      coefficients,
    ),
  };
}

const shares = (weights: Numbers): number[] => weights.map((weight) => weight / sum(weights));
const unmoved = (floats: Numbers): Step => ({ floats, seen: 0, control: [] });

export const averaging: ReferenceRule = (sent, scales) =>
  byCoefficients(sent, clipped(sent, scales), shares(capped(sent)));

/** Of `silos` silos; the model by the mean of those that answered. */
export const scaffold =
  (silos: number): ReferenceRule =>
  (sent, scales) => ({
    ...byCoefficients(sent, clipped(sent, scales), shares(sent.map(() => 1))),
    control: perCoordinate(
      sent.map(({ control }) => control),
      (column) => dot(column, scales) / silos,
    ),
  });

export const fednova: ReferenceRule = (sent, scales) => {
  const p = shares(capped(sent));
  const effective = dot(
    p,
    sent.map(({ steps }) => steps),
  );
  const perStep = clipped(sent, scales).map((x, i) => x.map((value) => value / (sent[i]?.steps ?? 1)));
  return { ...averaging(sent, scales), floats: weighted(perStep, p).map((value) => effective * value) };
};

export const fedbuff: ReferenceRule = (sent, scales) => {
  const weights = capped(sent);
  const counted = weights.map((weight, i) => weight / Math.sqrt(1 + (sent[i]?.late ?? 0)) / sum(weights));
  return byCoefficients(sent, clipped(sent, scales), counted);
};

export const median: ReferenceRule = (sent, scales) => unmoved(perCoordinate(clipped(sent, scales), middle));

export const trimmedMean =
  (f: number): ReferenceRule =>
  (sent, scales) =>
    unmoved(
      perCoordinate(clipped(sent, scales), (column) => mean(ascending(column).slice(f, column.length - f))),
    );

/** Weiszfeld's iteration on the points themselves. */
export const geometricMedian: ReferenceRule = (sent, scales) => {
  const xs = clipped(sent, scales);
  const weights = capped(sent);
  let coefficients = shares(weights);
  for (let iteration = 0; iteration < 5_000; iteration++) {
    const point = weighted(xs, coefficients);
    const near = weights.map(
      (weight, i) => weight / Math.max(1e-6, Math.sqrt(squaredDistance(xs[i] ?? [], point))),
    );
    coefficients = shares(near);
  }
  return byCoefficients(sent, xs, coefficients);
};

/** For each of `members` the sum of squared distances to its nearest others. */
function krumScores(xs: readonly Numbers[], members: readonly number[], nearest: number): number[] {
  return members.map((i) => {
    const others = members.filter((j) => j !== i).map((j) => squaredDistance(xs[i] ?? [], xs[j] ?? []));
    return sum(ascending(others).slice(0, nearest));
  });
}

/** The mean of the `select` best of n, by their distances to n - f - 2 neighbours. */
export const krum =
  (f: number, select: number): ReferenceRule =>
  (sent, scales) => {
    const xs = clipped(sent, scales);
    const scores = krumScores(xs, [...xs.keys()], xs.length - f - 2);
    const last = ascending(scores)[select - 1] ?? 0;
    return byCoefficients(sent, xs, shares(scores.map((score) => (score <= last ? 1 : 0))));
  };

export const bulyan =
  (f: number): ReferenceRule =>
  (sent, scales) => {
    const xs = clipped(sent, scales);
    let left = [...xs.keys()];
    const picked: number[] = [];
    while (picked.length < xs.length - 2 * f) {
      const scores = krumScores(xs, left, Math.max(1, left.length - f - 2));
      const best = left[scores.indexOf(Math.min(...scores))] ?? 0;
      picked.push(best);
      left = left.filter((i) => i !== best);
    }
    const members = xs.filter((_, i) => picked.includes(i));
    const floats = perCoordinate(members, (column) => {
      const centre = middle(column);
      const nearest = column.toSorted((a, b) => Math.abs(a - centre) - Math.abs(b - centre));
      return mean(nearest.slice(0, members.length - 2 * f));
    });
    return { ...byCoefficients(sent, xs, shares(xs.map((_, i) => (picked.includes(i) ? 1 : 0)))), floats };
  };

/** The update at `trusted` is the measure of the others. */
export const fltrust =
  (trusted: number): ReferenceRule =>
  (sent, scales) => {
    const xs = clipped(sent, scales);
    const root = xs[trusted] ?? [];
    const trust = shares(
      xs.map((x, i) => (i === trusted ? 0 : Math.max(0, dot(x, root) / norm(x) / norm(root)))),
    );
    const alike = xs.map((x) => x.map((value) => (value * norm(root)) / norm(x)));
    return { ...byCoefficients(sent, xs, trust), floats: weighted(alike, trust) };
  };

export const medianOfMeans =
  (groups: number): ReferenceRule =>
  (sent, scales) =>
    unmoved(
      perCoordinate(clipped(sent, scales), (column) =>
        middle(
          Array.from({ length: groups }, (_, group) =>
            mean(column.filter((_value, i) => i % groups === group)),
          ),
        ),
      ),
    );

/** What the server adds for a step, and the moments that it goes on with. */
export type ReferenceServer = (
  s: number,
  kept: { m: number; v: number },
) => { add: number; m: number; v: number };

export const addition =
  (rate: number): ReferenceServer =>
  (s) => ({ add: rate * s, m: 0, v: 0 });

export const momentum =
  (rate: number, decay: number): ReferenceServer =>
  (s, kept) => {
    const m = decay * kept.m + s;
    return { add: rate * m, m, v: 0 };
  };

export const adaptive =
  (
    second: (v: number, square: number) => number,
    { rate, beta1, tau }: { readonly rate: number; readonly beta1: number; readonly tau: number },
  ): ReferenceServer =>
  (s, kept) => {
    const m = beta1 * kept.m + (1 - beta1) * s;
    const v = second(kept.v, s * s);
    return { add: (rate * m) / (Math.sqrt(v) + tau), m, v };
  };

export const adam = (v: number, square: number): number => 0.99 * v + 0.01 * square;
export const yogi = (v: number, square: number): number => v - 0.01 * square * Math.sign(v - square);
export const adagrad = (v: number, square: number): number => v + square;

/** The norm that updates are scaled down to, and what it is in the next round. */
export interface ReferenceClip {
  readonly bound: number;
  readonly next: (bound: number, within: number) => number;
}

export const noClip: ReferenceClip = { bound: Number.POSITIVE_INFINITY, next: (bound) => bound };

export function clipScales(sent: readonly Sent[], bound: number): number[] {
  return sent.map(({ floats, control }) => Math.min(1, bound / norm([...floats, ...control])));
}
