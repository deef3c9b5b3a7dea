import type { ServerStep } from '../domain/strategies/fold-plan.ts';

/**
 * Turns the combined step into what is added to the model, in place, and moves the state on. All in float64; the
 * state is rounded to float32 when it is stored, after this round's step was taken with the unrounded values.
 * Reddi et al., "Adaptive Federated Optimization", ICLR 2021, Algorithm 2; for momentum Hsu, Qi and Brown 2019.
 *
 * False when state came out infinite or NaN.
 */
export function applyServerStep(
  server: ServerStep,
  step: Float64Array,
  m: Float32Array,
  v: Float32Array,
): boolean {
  const { learningRate } = server;
  switch (server.kind) {
    case 'add':
      if (learningRate !== 1) for (let i = 0; i < step.length; i++) step[i] = learningRate * Number(step[i]);
      return true;
    case 'momentum':
      for (let i = 0; i < step.length; i++) {
        const moved = server.momentum * Number(m[i]) + Number(step[i]);
        m[i] = moved;
        step[i] = learningRate * moved;
      }
      return allFinite(m);
    default: {
      const second = secondMoment(server);
      for (let i = 0; i < step.length; i++) {
        const delta = Number(step[i]);
        const first = server.beta1 * Number(m[i]) + (1 - server.beta1) * delta;
        const spread = second(Number(v[i]), delta * delta);
        m[i] = first;
        v[i] = spread;
        step[i] = (learningRate * first) / (Math.sqrt(spread) + server.tau);
      }
      return allFinite(m) && allFinite(v);
    }
  }
}

type Adaptive = Extract<ServerStep, { readonly kind: 'adagrad' | 'yogi' | 'adam' }>;

function secondMoment({ kind, beta2 }: Adaptive): (v: number, square: number) => number {
  switch (kind) {
    case 'adagrad':
      return (v, square) => v + square;
    case 'yogi':
      return (v, square) => v - (1 - beta2) * square * Math.sign(v - square);
    case 'adam':
      return (v, square) => beta2 * v + (1 - beta2) * square;
  }
}

function allFinite(values: Float32Array): boolean {
  // An infinity or a NaN times zero is NaN, and so is every sum that it enters.
  let zero = 0;
  for (let i = 0; i < values.length; i++) zero += Number(values[i]) * 0;
  return !Number.isNaN(zero);
}
