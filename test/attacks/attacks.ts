/**
 * What hostile silos send. Each attack sees what a colluding group could at most: the model, its own honest update, and
 * the honest updates of all others.
 */
import { normal } from '../../examples/digits/dirichlet.mjs';

export type AttackName = 'none' | 'sign-flip' | 'noise' | 'alie' | 'label-flip' | 'model-replacement';

/** Whose training data is changed, and how; the others train as everybody does. */
export type Poison = 'labels' | 'backdoor' | undefined;

export interface Attack {
  readonly poison: Poison;
  /** One hostile update, in place of `own`. */
  readonly forge: (view: {
    /** Trained when asked for. */
    readonly own: () => Float32Array;
    readonly honest: readonly Float32Array[];
    readonly model: Float32Array;
    readonly silos: number;
    readonly hostile: number;
    readonly random: () => number;
  }) => Float32Array;
}

export const attacks: Readonly<Record<AttackName, Attack>> = {
  none: { poison: undefined, forge: ({ own }) => own() },
  /** Ten times the honest update, the other way. */
  'sign-flip': { poison: undefined, forge: ({ own }) => own().map((value) => -10 * value) },
  /** Gaussian noise with a standard deviation of 10. */
  noise: { poison: undefined, forge: ({ model, random }) => model.map(() => 10 * normal(random)) },
  /** "A Little Is Enough" (Baruch, Baruch and Goldberg 2019): 1.5 standard deviations off the honest mean. */
  alie: {
    poison: undefined,
    forge: ({ model, honest }) =>
      model.map((_, at) => {
        const values = honest.map((update) => update[at] ?? 0);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
        return mean - 1.5 * Math.sqrt(variance);
      }),
  },
  /** Honest training on labels 9 - y. */
  'label-flip': { poison: 'labels', forge: ({ own }) => own() },
  /** Bagdasaryan et al. 2020: a backdoored model, scaled so that the mean of all becomes that model. */
  'model-replacement': {
    poison: 'backdoor',
    forge: ({ own, silos, hostile }) => own().map((value) => (silos / hostile) * value),
  },
};
