/** @typedef {import('./logistic-regression.mjs').TrainingConfig} TrainingConfig */

/** @type {Readonly<TrainingConfig>} */
const DEFAULT_CONFIG = { epochs: 2, learningRate: 16, batchSize: 16, l2: 1e-5, proximal: 0 };

/** @type {Readonly<Record<keyof TrainingConfig, (value: number) => boolean>>} */
const ALLOWED = {
  epochs: (value) => Number.isInteger(value) && value >= 1 && value <= 1_000,
  learningRate: (value) => value > 0 && value <= 1_000,
  batchSize: (value) => Number.isInteger(value) && value >= 1 && value <= 100_000,
  l2: (value) => value >= 0 && value <= 1,
  proximal: (value) => value >= 0 && value <= 1,
};

/**
 * The experiment's `training.config` with defaults filled in. A misspelt or senseless setting is an error: training on
 * without it would look like success.
 * @param {Readonly<Record<string, unknown>>} given
 * @returns {TrainingConfig}
 */
export function trainingConfig(given) {
  for (const [name, value] of Object.entries(given)) {
    const allowed = Object.hasOwn(ALLOWED, name)
      ? ALLOWED[/** @type {keyof TrainingConfig} */ (name)]
      : undefined;
    if (!allowed) throw new Error(`unknown setting ${name}; known: ${Object.keys(ALLOWED).join(', ')}`);
    if (typeof value !== 'number' || !allowed(value))
      throw new Error(`setting ${name} cannot be ${JSON.stringify(value)}`);
  }
  return { ...DEFAULT_CONFIG, ...given };
}
