import { readTensors, writeTensors } from '../shared/safetensors.mjs';
import { PARTS, SHAPES } from './network.mjs';

/**
 * @typedef {import('./network.mjs').Network} Network
 *
 * @typedef {object} StoredModel
 * @property {Network} network
 * @property {Network} [control] SCAFFOLD's server control variate, of the same shapes
 */

/** Where the coordinator looks for control variates. */
const CONTROL = 'control/';

/**
 * @param {string} file safetensors
 * @returns {StoredModel}
 */
export function readModel(file) {
  const tensors = readTensors(file);
  const partsOf = (/** @type {string} */ prefix) => {
    const parts = PARTS.map((part) => {
      const tensor = tensors.get(`${prefix}${part}`);
      if (tensor === undefined || tensor.shape.join() !== SHAPES[part].join()) {
        throw new Error(
          `${file} is not a model of this trainer: it needs ${prefix}${part} [${SHAPES[part].join()}]`,
        );
      }
      return [part, tensor.data];
    });
    return /** @type {Network} */ (Object.fromEntries(parts));
  };
  const control = tensors.has(`${CONTROL}${PARTS[0]}`) ? { control: partsOf(CONTROL) } : {};
  return { network: partsOf(''), ...control };
}

/**
 * @param {string} file
 * @param {StoredModel} model
 */
export function writeModel(file, { network, control }) {
  /** @type {Map<string, import('../shared/safetensors.mjs').Tensor>} */
  const tensors = new Map();
  for (const part of PARTS) tensors.set(part, { shape: SHAPES[part], data: network[part] });
  if (control !== undefined) {
    for (const part of PARTS) tensors.set(`${CONTROL}${part}`, { shape: SHAPES[part], data: control[part] });
  }
  for (const [name, { data }] of tensors) {
    if (!data.every(Number.isFinite))
      throw new Error(`training diverged: ${name} is not finite; lower learningRate`);
  }
  writeTensors(file, tensors);
}

/** @returns {Network} */
export function zeros() {
  const parts = PARTS.map((part) => [part, new Float32Array(SHAPES[part].reduce((a, b) => a * b, 1))]);
  return /** @type {Network} */ (Object.fromEntries(parts));
}
