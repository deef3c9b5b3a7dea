/**
 * How well probabilities fit labels. `auc` is missing when only one class occurs, as it then has no meaning.
 * @typedef {{ auc?: number, accuracy: number, loss: number }} Scores
 */

const LEAST_PROBABILITY = 1e-12;

/**
 * @param {ArrayLike<number>} probabilities of spam
 * @param {ArrayLike<number>} labels 1 is spam
 * @returns {Scores} area under the ROC curve, share of right answers at 0.5, mean cross-entropy in nats
 */
export function scoresOf(probabilities, labels) {
  let right = 0;
  let loss = 0;
  for (let index = 0; index < labels.length; index++) {
    const probability = probabilities[index] ?? 0;
    const spam = labels[index] === 1;
    if (probability >= 0.5 === spam) right += 1;
    loss -= Math.log(Math.max(spam ? probability : 1 - probability, LEAST_PROBABILITY));
  }
  const auc = areaUnderRoc(probabilities, labels);
  const scores = { accuracy: right / labels.length, loss: loss / labels.length };
  return auc === undefined ? scores : { auc, ...scores };
}

/**
 * The chance that a random spam gets a higher probability than a random other mail; ties count half.
 * @param {ArrayLike<number>} probabilities
 * @param {ArrayLike<number>} labels
 */
function areaUnderRoc(probabilities, labels) {
  const order = Array.from(labels, (_, index) => index).sort(
    (a, b) => (probabilities[a] ?? 0) - (probabilities[b] ?? 0),
  );
  let others = 0;
  let spams = 0;
  let below = 0;
  for (let first = 0; first < order.length; ) {
    const level = probabilities[order[first] ?? 0];
    let othersHere = 0;
    let spamsHere = 0;
    for (; first < order.length && probabilities[order[first] ?? 0] === level; first++) {
      if (labels[order[first] ?? 0] === 1) spamsHere += 1;
      else othersHere += 1;
    }
    below += spamsHere * (others + othersHere / 2);
    others += othersHere;
    spams += spamsHere;
  }
  return spams > 0 && others > 0 ? below / (spams * others) : undefined;
}
