// A small network: 196 pixels, 32 hidden units (ReLU), 10 classes (softmax), trained by mini-batch gradient descent on
// the cross-entropy. Same inputs, same bytes: all sums run in a fixed order in double precision.
import { seededRandom, shuffle } from '../shared/seeded-random.mjs';
import { CLASSES, PIXELS } from './digits.mjs';
import { normal } from './dirichlet.mjs';

const HIDDEN = 32;
// A module's own constants: a test runner's imports are looked up anew at every use, which tells in the inner loops.
const [INPUTS, LABELS] = [PIXELS, CLASSES];

/**
 * @typedef {object} Network
 * @property {Float32Array} hidden [32, 196]
 * @property {Float32Array} hiddenBias [32]
 * @property {Float32Array} output [10, 32]
 * @property {Float32Array} outputBias [10]
 *
 * @typedef {object} TrainingConfig
 * @property {number} epochs passes over the digits
 * @property {number} learningRate
 * @property {number} batchSize
 * @property {number} proximal FedProx's mu: pull towards the model received
 *
 * @typedef {import('./digits.mjs').DigitSet} DigitSet
 */

/** Names and shapes of a network's tensors, in the order of their bytes. */
export const SHAPES = /** @type {const} */ ({
  hidden: [HIDDEN, PIXELS],
  hiddenBias: [HIDDEN],
  output: [CLASSES, HIDDEN],
  outputBias: [CLASSES],
});
export const PARTS = /** @type {(keyof Network)[]} */ (Object.keys(SHAPES));

/**
 * He et al. 2015: normal weights, scaled to the number of inputs.
 * @param {string} seed
 * @returns {Network}
 */
export function freshNetwork(seed) {
  const random = seededRandom(`network ${seed}`);
  const drawn = (/** @type {number} */ count, /** @type {number} */ inputs) =>
    Float32Array.from({ length: count }, () => normal(random) * Math.sqrt(2 / inputs));
  return {
    hidden: drawn(HIDDEN * PIXELS, PIXELS),
    hiddenBias: new Float32Array(HIDDEN),
    output: drawn(CLASSES * HIDDEN, HIDDEN),
    outputBias: new Float32Array(CLASSES),
  };
}

/** @param {Network} network */
export function copyOf(network) {
  return {
    hidden: network.hidden.slice(),
    hiddenBias: network.hiddenBias.slice(),
    output: network.output.slice(),
    outputBias: network.outputBias.slice(),
  };
}

/**
 * A trained copy.
 * @param {Network} received
 * @param {DigitSet} digits
 * @param {TrainingConfig} config
 * @param {string} seed gives the order of digits
 * @param {(part: keyof Network, at: number) => number} [correction] added to each gradient (SCAFFOLD's c - c_i)
 * @returns {{ network: Network, steps: number }} `steps` of gradient descent that were made
 */
export function train(received, digits, config, seed, correction) {
  const network = copyOf(received);
  const random = seededRandom(`order ${seed}`);
  const order = Array.from(digits.labels.keys());
  const gradient = {
    hidden: new Float64Array(HIDDEN * PIXELS),
    hiddenBias: new Float64Array(HIDDEN),
    output: new Float64Array(CLASSES * HIDDEN),
    outputBias: new Float64Array(CLASSES),
  };
  const pass = newPass();
  let steps = 0;
  for (let epoch = 0; epoch < config.epochs; epoch++) {
    shuffle(order, random);
    for (let from = 0; from < order.length; from += config.batchSize) {
      const batch = order.slice(from, from + config.batchSize);
      for (const part of PARTS) gradient[part].fill(0);
      for (const row of batch) addGradient(network, digits, row, gradient, pass);
      for (const part of PARTS) {
        const [weights, sums, start] = [network[part], gradient[part], received[part]];
        for (let at = 0; at < weights.length; at++) {
          const weight = weights[at] ?? 0;
          const pull = config.proximal * (weight - (start[at] ?? 0));
          const corrected = (sums[at] ?? 0) / batch.length + pull + (correction?.(part, at) ?? 0);
          weights[at] = weight - config.learningRate * corrected;
        }
      }
      steps += 1;
    }
  }
  return { network, steps };
}

/**
 * @param {Network} network
 * @param {DigitSet} digits
 * @returns {{ accuracy: number, loss: number }} share of right answers; mean cross-entropy in nats
 */
export function score(network, digits) {
  const pass = newPass();
  const { probabilities } = pass;
  let [right, loss] = [0, 0];
  for (const [row, label] of digits.labels.entries()) {
    forward(network, digits, row, pass);
    let best = 0;
    for (let k = 1; k < CLASSES; k++) if ((probabilities[k] ?? 0) > (probabilities[best] ?? 0)) best = k;
    if (best === label) right += 1;
    loss -= Math.log(Math.max(probabilities[label] ?? 0, 1e-12));
  }
  const count = Math.max(1, digits.labels.length);
  return { accuracy: right / count, loss: loss / count };
}

/**
 * Room for one image's pass, made once and used for all: making it anew for each image took longer than the pass.
 * @typedef {object} Pass
 * @property {number} inked how many pixels are not paper; the others would add nothing to any sum
 * @property {Uint8Array} pixels the first `inked` are set, in ascending order
 * @property {Float32Array} shades of these pixels
 * @property {Float64Array} active [32]
 * @property {Float64Array} probabilities [10]
 * @property {Float64Array} back [32] errors of hidden units
 */

/** @returns {Pass} */
function newPass() {
  return {
    inked: 0,
    pixels: new Uint8Array(PIXELS),
    shades: new Float32Array(PIXELS),
    active: new Float64Array(HIDDEN),
    probabilities: new Float64Array(CLASSES),
    back: new Float64Array(HIDDEN),
  };
}

/**
 * @param {DigitSet} digits
 * @param {number} row
 * @param {Pass} pass
 */
function readInk({ images }, row, pass) {
  const { pixels, shades } = pass;
  let inked = 0;
  for (let pixel = 0; pixel < INPUTS; pixel++) {
    const shade = images[row * INPUTS + pixel] ?? 0;
    if (shade === 0) continue;
    pixels[inked] = pixel;
    shades[inked] = shade;
    inked += 1;
  }
  pass.inked = inked;
}

/**
 * @param {Network} network
 * @param {DigitSet} digits
 * @param {number} row
 * @param {Pass} pass filled
 */
function forward(network, digits, row, pass) {
  readInk(digits, row, pass);
  const { hidden, hiddenBias, output, outputBias } = network;
  const { inked, pixels, shades, active, probabilities } = pass;
  for (let unit = 0; unit < HIDDEN; unit++) {
    let sum = hiddenBias[unit] ?? 0;
    const weights = unit * INPUTS;
    for (let i = 0; i < inked; i++) sum += (hidden[weights + (pixels[i] ?? 0)] ?? 0) * (shades[i] ?? 0);
    active[unit] = Math.max(0, sum);
  }
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < LABELS; k++) {
    let sum = outputBias[k] ?? 0;
    for (let unit = 0; unit < HIDDEN; unit++) sum += (output[k * HIDDEN + unit] ?? 0) * (active[unit] ?? 0);
    probabilities[k] = sum;
    largest = Math.max(largest, sum);
  }
  let total = 0;
  for (let k = 0; k < LABELS; k++) {
    const raised = Math.exp((probabilities[k] ?? 0) - largest);
    probabilities[k] = raised;
    total += raised;
  }
  for (let k = 0; k < LABELS; k++) probabilities[k] = (probabilities[k] ?? 0) / total;
}

/**
 * @param {Network} network
 * @param {DigitSet} digits
 * @param {number} row
 * @param {Record<keyof Network, Float64Array>} gradient
 * @param {Pass} pass
 */
function addGradient(network, digits, row, gradient, pass) {
  forward(network, digits, row, pass);
  const { inked, pixels, shades, active, probabilities, back } = pass;
  const { hidden, hiddenBias, output, outputBias } = gradient;
  back.fill(0);
  for (let k = 0; k < LABELS; k++) {
    const error = (probabilities[k] ?? 0) - (digits.labels[row] === k ? 1 : 0);
    outputBias[k] = (outputBias[k] ?? 0) + error;
    for (let unit = 0; unit < HIDDEN; unit++) {
      const at = k * HIDDEN + unit;
      output[at] = (output[at] ?? 0) + error * (active[unit] ?? 0);
      back[unit] = (back[unit] ?? 0) + error * (network.output[at] ?? 0);
    }
  }
  for (let unit = 0; unit < HIDDEN; unit++) {
    if ((active[unit] ?? 0) === 0) continue;
    const error = back[unit] ?? 0;
    hiddenBias[unit] = (hiddenBias[unit] ?? 0) + error;
    const weights = unit * INPUTS;
    for (let i = 0; i < inked; i++) {
      const at = weights + (pixels[i] ?? 0);
      hidden[at] = (hidden[at] ?? 0) + error * (shades[i] ?? 0);
    }
  }
}
