import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scoresOf } from '../../../examples/spam-filter/scores.mjs';

test('the area under the ROC curve is the share of pairs put in the right order, ties counting half', () => {
  const example = fc.record({
    probability: fc.constantFrom(0, 0.1, 0.25, 0.5, 0.9, 1),
    label: fc.constantFrom(0, 1),
  });
  fc.assert(
    fc.property(fc.array(example, { minLength: 1, maxLength: 40 }), (examples) => {
      const spams = examples.filter((one) => one.label === 1);
      const others = examples.filter((one) => one.label === 0);
      const wins = spams.flatMap((spam) =>
        others.map((other) => (Math.sign(spam.probability - other.probability) + 1) / 2),
      );
      const expected = wins.length > 0 ? wins.reduce((sum, win) => sum + win, 0) / wins.length : undefined;
      const { auc } = scoresOf(
        examples.map((one) => one.probability),
        examples.map((one) => one.label),
      );
      if (expected === undefined) expect(auc).toBeUndefined();
      else expect(auc).toBeCloseTo(expected, 12);
    }),
  );
});

test('accuracy counts one half as spam, and the loss of a certain error is large but finite', () => {
  expect(scoresOf([0.5, 0.4], [1, 0]).accuracy).toBe(1);
  expect(scoresOf([0.5, 0.5], [1, 0]).loss).toBeCloseTo(Math.log(2), 12);
  const { loss } = scoresOf([0, 1], [1, 0]);
  expect(loss).toBeGreaterThan(20);
  expect(loss).toBeLessThan(Number.POSITIVE_INFINITY);
});
