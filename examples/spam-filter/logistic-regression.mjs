// Logistic regression on sparse rows by mini-batch gradient descent. Same inputs, same bytes: all sums run in a fixed
// order in double precision, and the order of mails comes from the seed.
//
// The steps are plain, not adaptive (Adagrad, Adam), on purpose: a silo with few spams would take large steps on words
// that only it has seen, and where silos differ this much the mean of such models is worse than the mean of plain ones.
import { seededRandom, shuffle } from '../shared/seeded-random.mjs';

/**
 * @typedef {object} Model
 * @property {Float32Array} weights
 * @property {number} bias
 *
 * @typedef {object} TrainingConfig
 * @property {number} epochs passes over the mails
 * @property {number} learningRate step along the mean gradient of a batch
 * @property {number} batchSize mails per step
 * @property {number} l2 pull of each touched weight towards 0
 * @property {number} proximal pull towards the model received (FedProx's mu); 0 is plain FedAvg
 */

/**
 * A trained copy of the model; the one given stays as it is.
 * @param {Model} start
 * @param {import('./mail-set.mjs').MailSet} mails
 * @param {TrainingConfig} config
 * @param {string} seed of the order of mails
 * @returns {Model}
 */
export function trainModel(start, mails, config, seed) {
  checkLengths(start, mails);
  const weights = Float64Array.from(start.weights);
  const gradient = new Float64Array(weights.length);
  let bias = start.bias;

  const random = seededRandom(seed);
  const order = Uint32Array.from(mails.labels, (_, index) => index);
  for (let epoch = 0; epoch < config.epochs; epoch++) {
    shuffle(order, random);
    for (let first = 0; first < order.length; first += config.batchSize) {
      const batch = order.subarray(first, first + config.batchSize);
      /** @type {Set<number>} */
      const touched = new Set();
      let biasGradient = 0;
      for (const mail of batch) {
        const error = (probability(weights, bias, mails, mail) - (mails.labels[mail] ?? 0)) / batch.length;
        biasGradient += error;
        for (let entry = mails.offsets[mail] ?? 0; entry < (mails.offsets[mail + 1] ?? 0); entry++) {
          const column = mails.columns[entry] ?? 0;
          touched.add(column);
          gradient[column] = (gradient[column] ?? 0) + error * (mails.values[entry] ?? 0);
        }
      }
      // Only touched weights are pulled: the others would cost a pass over the whole model for each batch.
      for (const column of touched) {
        const weight = weights[column] ?? 0;
        const pull = config.l2 * weight + config.proximal * (weight - (start.weights[column] ?? 0));
        weights[column] = weight - config.learningRate * ((gradient[column] ?? 0) + pull);
        gradient[column] = 0;
      }
      bias -= config.learningRate * (biasGradient + config.proximal * (bias - start.bias));
    }
  }
  return { ...start, weights: Float32Array.from(weights), bias: Math.fround(bias) };
}

/**
 * The model's probability of spam for every mail.
 * @param {Model} model
 * @param {import('./mail-set.mjs').MailSet} mails
 * @returns {Float64Array}
 */
export function predict(model, mails) {
  checkLengths(model, mails);
  return Float64Array.from(mails.labels, (_, mail) => probability(model.weights, model.bias, mails, mail));
}

/**
 * @param {Float32Array | Float64Array} weights
 * @param {number} bias
 * @param {import('./mail-set.mjs').MailSet} mails
 * @param {number} mail
 */
function probability(weights, bias, { offsets, columns, values }, mail) {
  let sum = bias;
  for (let entry = offsets[mail] ?? 0; entry < (offsets[mail + 1] ?? 0); entry++) {
    sum += (weights[columns[entry] ?? 0] ?? 0) * (values[entry] ?? 0);
  }
  return 1 / (1 + Math.exp(-sum));
}

/**
 * @param {Model} model
 * @param {import('./mail-set.mjs').MailSet} mails
 */
function checkLengths(model, mails) {
  if (model.weights.length === mails.dimensions) return;
  throw new Error(
    `the model has ${model.weights.length} weights, the mails have ${mails.dimensions} features`,
  );
}
