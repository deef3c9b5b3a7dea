import { readCohort } from '../../activities/cohort-record.ts';
import type { RoundView, SiloProgress } from '../../shared/contracts/api.ts';
import type { ParticipationDocument, RoundDocument } from '../../shared/contracts/documents.ts';
import { roundEvidence } from '../../shared/contracts/round-evidence.ts';
import type { Services } from '../../shared/ports/services.ts';

/** One attempt as operators see it, silo by silo. `invited` and `lost` are derived: silence leaves no document. */
export async function viewRound(round: RoundDocument, services: Services): Promise<RoundView> {
  const key = { experiment: round.experimentId, round: round.round, attempt: round.attempt };
  const [members, participations, signals, evidence] = await Promise.all([
    readCohort(services.archive, round.cohort),
    services.experiments.listParticipations(key),
    services.signals.latest(key.experiment, key.round, key.attempt),
    readEvidence(round, services),
  ]);
  const bySilo = new Map(participations.map((participation) => [participation.silo, participation]));
  const stages = new Map(signals.map(({ silo, stage }) => [silo, stage]));
  const open = round.phase === 'collecting';
  const {
    phase,
    task,
    openedAt,
    deadline,
    closedAt,
    endedAt,
    quorum,
    cohortSize,
    counters,
    failure,
    aggregation,
  } = round;
  return {
    round: round.round,
    attempt: round.attempt,
    task,
    phase,
    openedAt,
    deadline,
    closedAt,
    endedAt,
    quorum,
    cohortSize,
    counters,
    model: publicPointer(round.model),
    frozenSet: round.frozen?.set.sha256 ?? null,
    failure,
    ...(aggregation === undefined ? {} : { aggregation }),
    silos: members.map(({ silo }) => viewSilo(silo, bySilo.get(silo), stages.get(silo) ?? null, open)),
    evidence,
  };
}

async function readEvidence(
  { evidence }: RoundDocument,
  { archive }: Services,
): Promise<RoundView['evidence']> {
  if (evidence === undefined) return [];
  return roundEvidence.parse(JSON.parse((await archive.get(evidence)).toString())).updates;
}

/** A model as the API shows it: where its blobs lie is nobody's business. */
export function publicPointer(pointer: RoundDocument['model']): RoundView['model'] {
  if (pointer === null) return null;
  const { path: _, state: _state, ...shown } = pointer;
  return shown;
}

function viewSilo(
  silo: string,
  participation: ParticipationDocument | undefined,
  stage: string | null,
  open: boolean,
): SiloProgress {
  if (participation === undefined) {
    const nothing = {
      numExamples: null,
      metrics: null,
      reason: null,
      submittedAt: null,
      decidedAt: null,
      evidence: null,
    };
    return { silo, state: open ? 'invited' : 'lost', ...nothing, stage };
  }
  const { state, numExamples, metrics, reason, submittedAt, decidedAt, evidence } = participation;
  const shown = evidence === null ? null : { norm: evidence.norm, maxAbs: evidence.maxAbs };
  return { silo, state, numExamples, metrics, reason, submittedAt, decidedAt, evidence: shown, stage };
}
