import { readTensors, writeTensors } from '../shared/safetensors.mjs';

/**
 * A model as it lies in a file: whoever made it may have written the bias as `[1]` or as a scalar `[]`, and an update
 * must keep the shape it received.
 * @typedef {import('./logistic-regression.mjs').Model & { biasShape: readonly number[] }} StoredModel
 */

/**
 * The model that training starts from: it calls every mail spam with probability one half.
 * @param {number} dimensions
 * @returns {StoredModel}
 */
export function zeroModel(dimensions) {
  return { weights: new Float32Array(dimensions), bias: 0, biasShape: [1] };
}

/**
 * @param {string} file with the tensors `weights` [D] and `bias` [1] or []
 * @returns {StoredModel}
 */
export function readModel(file) {
  const tensors = readTensors(file);
  const weights = tensors.get('weights');
  const bias = tensors.get('bias');
  if (tensors.size !== 2 || weights?.shape.length !== 1 || bias?.data.length !== 1) {
    throw new Error(`${file} is not a model of this trainer: it needs weights [D] and bias [1]`);
  }
  const model = { weights: weights.data, bias: bias.data[0] ?? 0, biasShape: bias.shape };
  if (!isFiniteModel(model)) throw new Error(`${file} has weights that are not finite`);
  return model;
}

/**
 * @param {string} file
 * @param {StoredModel} model
 */
export function writeModel(file, model) {
  if (!isFiniteModel(model)) {
    throw new Error('training diverged to weights that are not finite; lower learningRate');
  }
  const { weights, bias, biasShape } = model;
  writeTensors(
    file,
    new Map([
      ['weights', { shape: [weights.length], data: weights }],
      ['bias', { shape: biasShape, data: Float32Array.of(bias) }],
    ]),
  );
}

/** @param {StoredModel} model */
function isFiniteModel({ weights, bias }) {
  return Number.isFinite(bias) && weights.every((weight) => Number.isFinite(weight));
}
