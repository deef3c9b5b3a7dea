/**
 * Bounds the L2 norm of every update before anything else sees it: x * min(1, C / ||x||). Norms are those measured at
 * admission, over all float tensors of an update.
 *
 * Adaptive: C follows the norms' quantile (Andrew, Thakkar, McMahan and Ramaswamy, "Differentially Private Learning
 * with Adaptive Clipping", NeurIPS 2021, Algorithm 1 without noise): with b the share of updates whose norm is at most
 * C, C <- C * exp(-learningRate * (b - quantile)). Math.exp is not exact by the language's standard; V8 computes it in
 * software (a port of FreeBSD's), alike on every machine and in Node 20 to 24.
 */
import type { ClipSpec } from '../../contracts/strategy-spec.ts';
import type { StrategyScalars, UpdateFigures } from './decision.ts';

export interface Clipping {
  scales(updates: readonly UpdateFigures[], scalars: StrategyScalars): number[];
  /** The scalars that the next round begins with. */
  next(updates: readonly UpdateFigures[], scalars: StrategyScalars): StrategyScalars;
}

/** Far from where norms lie, and far from where exp under- or overflows. */
const [LEAST, MOST] = [2 ** -100, 2 ** 100];

export function clippingOf(spec: ClipSpec | undefined): Clipping {
  if (spec === undefined) return { scales: (updates) => updates.map(() => 1), next: () => ({}) };
  if (spec.kind === 'fixed') {
    return { scales: (updates) => updates.map(({ norm }) => scaleOf(norm, spec.norm)), next: () => ({}) };
  }
  const normOf = ({ clipNorm }: StrategyScalars): number => clipNorm ?? spec.initialNorm;
  return {
    scales: (updates, scalars) => updates.map(({ norm }) => scaleOf(norm, normOf(scalars))),
    next(updates, scalars) {
      const present = normOf(scalars);
      const within = updates.filter(({ norm }) => norm <= present).length / updates.length;
      const next = present * Math.exp(-spec.learningRate * (within - spec.quantile));
      return { clipNorm: Math.min(MOST, Math.max(LEAST, next)) };
    },
  };
}

function scaleOf(norm: number, bound: number): number {
  return norm <= bound ? 1 : bound / norm;
}
