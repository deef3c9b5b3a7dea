import { baseModel, sha256 } from './small-model.ts';

/** Two rounds on the small model; rounds that should not wait have ten minutes. */
export function hostileSpec(silos: readonly string[], roundPolicy: object, training: object = {}) {
  return {
    name: 'hostile',
    silos,
    rounds: 2,
    initialModel: { kind: 'upload', sha256: sha256(baseModel) },
    roundPolicy: { deadlineSeconds: 600, graceSeconds: 0, ...roundPolicy },
    training,
    evaluation: { finalRound: false },
  };
}

/** The counters of a round in which nobody has moved. */
export const noCounters = {
  submitted: 0,
  admitted: 0,
  refused: 0,
  late: 0,
  declined: 0,
  failed: 0,
  unreachable: 0,
};
