import { type CohortMember, readCohort } from '../../activities/cohort-record.ts';
import type { RoundDocument } from '../../shared/contracts/documents.ts';
import type { ParticipationKey } from '../../shared/contracts/identifiers.ts';
import { type Plan, signedPlan } from '../../shared/contracts/plan.ts';
import { type Refusal, refuse } from '../../shared/contracts/refusals.ts';
import type { RosterEntry } from '../../shared/contracts/silo.ts';
import type { Services } from '../../shared/ports/services.ts';

/** What the coordinator knows about the attempt that a reply names. */
export interface ReplyContext {
  readonly ok: true;
  readonly key: ParticipationKey;
  readonly round: RoundDocument;
  readonly plan: Plan;
  readonly member: CohortMember;
  readonly entry: RosterEntry;
}

type ContextRefusal = Refusal<'context-experiment' | 'context-round' | 'context-attempt' | 'foreign-silo'> & {
  readonly knownExperiment: boolean;
};

/** Finds the attempt and the silo's place in it; says which part of the context is foreign otherwise. */
export async function findContext(
  key: ParticipationKey,
  services: Services,
): Promise<ReplyContext | ContextRefusal> {
  const round = await services.experiments.readRound(key);
  if (round === undefined) return unknownRound(key, services);
  const [members, entry] = await Promise.all([
    readCohort(services.archive, round.cohort),
    services.roster.read(key.silo),
  ]);
  const member = members.find(({ silo }) => silo === key.silo);
  if (member === undefined || entry === undefined) {
    const detail = `Silo ${key.silo} was not asked in round ${key.round}, attempt ${key.attempt}.`;
    return { ...refuse('foreign-silo', detail), knownExperiment: true };
  }
  const { plan } = signedPlan.parse(JSON.parse((await services.archive.get(round.plan)).toString()));
  return { ok: true, key, round, plan, member, entry };
}

async function unknownRound(key: ParticipationKey, services: Services): Promise<ContextRefusal> {
  const experiment = await services.experiments.readExperiment(key.experiment);
  if (experiment === undefined) {
    return {
      ...refuse('context-experiment', `There is no experiment ${key.experiment}.`),
      knownExperiment: false,
    };
  }
  const rounds = await services.experiments.listRounds(key.experiment);
  return rounds.some(({ round }) => round === key.round)
    ? {
        ...refuse('context-attempt', `Round ${key.round} has no attempt ${key.attempt}.`),
        knownExperiment: true,
      }
    : { ...refuse('context-round', `There is no round ${key.round}.`), knownExperiment: true };
}
