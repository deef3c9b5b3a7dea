// The strategies that compare.mjs runs, as experiment.json would name them, with what training code needs for each.
// Server rates were tried for this task on a coarse grid; they are not tuned to the last digit.

/** Ways of sending smaller updates. */
const encodings = [
  { name: 'f16', kind: 'f16' },
  { name: 'bf16', kind: 'bf16' },
  { name: 'int8', kind: 'int8' },
  { name: 'top 25 %', kind: 'top-k', fraction: 0.25 },
  { name: 'top 5 %', kind: 'top-k', fraction: 0.05 },
  { name: 'top 1 %', kind: 'top-k', fraction: 0.01 },
];

/**
 * @typedef {object} Compared
 * @property {string} name
 * @property {Record<string, unknown>} strategy
 * @property {Record<string, unknown>} [config] for training code
 * @property {Record<string, unknown>} [encoding] how updates travel
 */

/**
 * @param {number} silos how many take part: robust rules are set to withstand as many as they can, at most a fifth
 * @returns {Compared[]}
 */
export function comparedStrategies(silos) {
  const fifth = Math.floor(silos / 5);
  const krum = Math.max(0, Math.min(fifth, Math.floor((silos - 3) / 2)));
  const bulyan = Math.max(0, Math.min(fifth, Math.floor((silos - 3) / 4)));
  const server = { learningRate: 0.03, tau: 0.01 };
  return [
    { name: 'fedavg', strategy: { kind: 'fedavg' } },
    { name: 'fedavg, equal weights', strategy: { kind: 'fedavg', weighting: 'equal' } },
    { name: 'fedavg, exact sum', strategy: { kind: 'fedavg', sum: 'exact' } },
    { name: 'fedavgm', strategy: { kind: 'fedavgm', learningRate: 1, momentum: 0.5 } },
    { name: 'fedadam', strategy: { kind: 'fedadam', ...server } },
    { name: 'fedyogi', strategy: { kind: 'fedyogi', ...server } },
    { name: 'fedadagrad', strategy: { kind: 'fedadagrad', learningRate: 0.05, tau: 0.01 } },
    { name: 'fedprox', strategy: { kind: 'fedprox', mu: 0.01 } },
    { name: 'scaffold', strategy: { kind: 'scaffold' }, config: { controlVariates: true } },
    { name: 'fednova', strategy: { kind: 'fednova' } },
    { name: 'fedbuff', strategy: { kind: 'fedbuff' } },
    { name: 'median', strategy: { kind: 'median' } },
    { name: 'trimmed-mean', strategy: { kind: 'trimmed-mean', byzantine: fifth } },
    { name: 'geometric-median', strategy: { kind: 'geometric-median' } },
    { name: 'krum', strategy: { kind: 'krum', byzantine: krum } },
    { name: 'multi-krum', strategy: { kind: 'multi-krum', byzantine: krum } },
    { name: 'bulyan', strategy: { kind: 'bulyan', byzantine: bulyan } },
    { name: 'fltrust', strategy: { kind: 'fltrust', trustedSilo: 'silo-1' } },
    { name: 'clip 1, fedavg', strategy: { kind: 'fedavg', clip: { kind: 'fixed', norm: 1 } } },
    {
      name: 'adaptive clip, fedavg',
      strategy: { kind: 'fedavg', clip: { kind: 'adaptive', initialNorm: 1 } },
    },
    {
      name: 'clip 2, trimmed, momentum',
      strategy: {
        kind: 'trimmed-mean',
        byzantine: fifth,
        clip: { kind: 'fixed', norm: 2 },
        server: { kind: 'momentum', momentum: 0.5 },
      },
    },
    ...encodings.map(({ name, ...encoding }) => ({
      name: `fedavg in ${name}`,
      strategy: { kind: 'fedavg' },
      encoding,
    })),
    {
      name: 'median of means',
      strategy: { kind: 'module', module: 'median-of-means', parameters: { groups: 3 } },
    },
  ];
}
