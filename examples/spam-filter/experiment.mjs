import { readFileSync } from 'node:fs';
import { trainingConfig } from './training-config.mjs';

/**
 * What experiment.json says of training, so that baselines and simulation spend the same passes as the experiment.
 * @returns {{ rounds: number, seed: number, config: import('./logistic-regression.mjs').TrainingConfig }}
 */
export function experimentPlan() {
  const { rounds, seed, training } = JSON.parse(
    readFileSync(new URL('./experiment.json', import.meta.url), 'utf8'),
  );
  return { rounds, seed, config: trainingConfig(training.config) };
}
