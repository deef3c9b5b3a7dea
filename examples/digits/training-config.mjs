/**
 * @typedef {import('./network.mjs').TrainingConfig & { controlVariates: boolean }} DigitsConfig
 * `controlVariates`: the model carries SCAFFOLD's control variates as tensors `control/<name>`
 */

/** @type {Readonly<DigitsConfig>} */
const DEFAULT_CONFIG = { epochs: 1, learningRate: 0.1, batchSize: 20, proximal: 0, controlVariates: false };

/** @type {Readonly<Record<string, (value: unknown) => boolean>>} */
const ALLOWED = {
  epochs: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 1_000,
  learningRate: (value) => Number(value) > 0 && Number(value) <= 100,
  batchSize: (value) => Number.isInteger(value) && Number(value) >= 1,
  proximal: (value) => Number(value) >= 0 && Number(value) <= 100,
  controlVariates: (value) => typeof value === 'boolean',
};

/**
 * The experiment's `training.config` with defaults filled in; `proximal-mu` is what the strategy `fedprox` hands down.
 * A misspelt or senseless setting is an error: training on without it would look like success.
 * @param {Readonly<Record<string, unknown>>} given
 * @returns {DigitsConfig}
 */
export function trainingConfig({ 'proximal-mu': proximal, ...given }) {
  const config = { ...given, ...(proximal === undefined ? {} : { proximal }) };
  for (const [name, value] of Object.entries(config)) {
    const allowed = Object.hasOwn(ALLOWED, name) ? ALLOWED[name] : undefined;
    if (!allowed) throw new Error(`unknown setting ${name}; known: ${Object.keys(ALLOWED).join(', ')}`);
    if (!allowed(value)) throw new Error(`setting ${name} cannot be ${JSON.stringify(value)}`);
  }
  return { ...DEFAULT_CONFIG, ...config };
}
