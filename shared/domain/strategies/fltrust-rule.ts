import type { UpdateFigures } from './decision.ts';
import type { Rule } from './rule.ts';
import { sumOf, times } from './weights.ts';

/**
 * Cao, Fang, Liu and Gong, "FLTrust: Byzantine-robust Federated Learning via Trust Bootstrapping", NDSS 2021,
 * Algorithm 2: an update's trust is the positive part of its cosine to the trusted update g_0; updates are scaled to
 * g_0's norm and averaged by trust. The trusted update itself is the measure and not part of the mean; where nobody
 * is trusted, which the paper leaves open, the step is the trusted update.
 */
export function fltrustRule(trustedSilo: string): Rule {
  const indexIn = (updates: readonly UpdateFigures[]): number =>
    updates.findIndex(({ silo }) => silo === trustedSilo);
  return {
    statistics: 'products',
    trusted: indexIn,
    lacks(updates) {
      const trusted = updates[indexIn(updates)];
      if (trusted === undefined) return `the update of the trusted silo ${trustedSilo}, and it is not there`;
      if (trusted.norm === 0)
        return `a direction from the trusted silo ${trustedSilo}, and its update is zero`;
      return undefined;
    },
    combine(updates, scales, { products }) {
      if (products?.length !== updates.length) throw new Error('this rule decides by products');
      const trusted = indexIn(updates);
      const norms = times(
        updates.map(({ norm }) => norm),
        scales,
      );
      // The trusted row's own product divided by its norm is that norm, however its scale entered the products.
      const along = norms.map((norm, i) => (norm === 0 ? 0 : Number(products[i]) / norm));
      const cosines = along.map((length) => Math.max(-1, Math.min(1, length / Number(along[trusted]))));
      const positive = cosines.map((cosine, i) => (i === trusted ? 0 : Math.max(0, cosine)));
      const trust = sumOf(positive) > 0 ? positive : positive.map((_, i) => (i === trusted ? 1 : 0));
      const divisor = sumOf(trust);
      const target = Number(norms[trusted]);
      return {
        combination: {
          kind: 'mean',
          coefficients: updates.map(({ norm }, i) =>
            trust[i] === 0 ? 0 : (Number(trust[i]) * target) / norm,
          ),
          divisor,
        },
        integers: { kind: 'mean', coefficients: trust, divisor },
        verdicts: trust.map((value, i) => ({
          included: value > 0,
          share: value / divisor,
          score: Number(cosines[i]),
        })),
      };
    },
  };
}
