import type { DigitSet } from './digits.mjs';

export interface Network {
  readonly hidden: Float32Array;
  readonly hiddenBias: Float32Array;
  readonly output: Float32Array;
  readonly outputBias: Float32Array;
}
export interface TrainingConfig {
  readonly epochs: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly proximal: number;
}
export const SHAPES: Readonly<Record<keyof Network, readonly number[]>>;
export const PARTS: readonly (keyof Network)[];
export function freshNetwork(seed: string): Network;
export function copyOf(network: Network): Network;
export function train(
  received: Network,
  digits: DigitSet,
  config: TrainingConfig,
  seed: string,
  correction?: (part: keyof Network, at: number) => number,
): { network: Network; steps: number };
export function score(network: Network, digits: DigitSet): { accuracy: number; loss: number };
