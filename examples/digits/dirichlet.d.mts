export function dirichletSplit(
  labels: Uint8Array,
  options: { silos: number; alpha: number; seed: string; atLeast?: number },
): number[][];
export function normal(random: () => number): number;
