import type * as z from 'zod';
import {
  type ExperimentDocument,
  type RoundDocument,
  roundDocumentId,
} from '../shared/contracts/documents.ts';
import type { Plan, PlanEncoding } from '../shared/contracts/plan.ts';
import { signedPlan } from '../shared/contracts/plan.ts';
import { cohortSize, selectCohort, taskSeed } from '../shared/domain/cohort.ts';
import { paths } from '../shared/domain/resources.ts';
import { configOf, reportedMetricsOf } from '../shared/domain/strategies/task-of-strategy.ts';
import type { Services } from '../shared/ports/services.ts';
import { canonicalJson } from '../shared/sealing/canonical-json.ts';
import { bodyDigest, signBody } from '../shared/sealing/signature.ts';
import { encodedSchema } from '../shared/tensors/encoding/encoded-schema.ts';
import { readModelSchema } from '../shared/tensors/model-schema.ts';
import { plaintextLength, schemaDigest } from '../shared/tensors/schema.ts';
import { type CohortMember, cohortBytes, cohortRecord, rosterDigest } from './cohort-record.ts';
import { openRound } from './descriptors.ts';
import { implement } from './run-activity.ts';

type Input = z.infer<typeof openRound.input>;
type Output = z.infer<typeof openRound.output>;

/** Opens one attempt. Read next: dispatch-round. */
export const openRoundActivity = implement(
  openRound,
  async (input: Input, services: Services): Promise<Output> => {
    const experiment = await services.experiments.readExperiment(input.experiment);
    if (experiment === undefined || experiment.requested === 'cancel') return { kind: 'cancelled' };
    const present = await services.experiments.readRound(input);
    if (present !== undefined) return answer(present, experiment);

    const chosen = await chooseCohort(input, experiment, services);
    if ('refused' in chosen) {
      return {
        kind: 'refused',
        reason: { slug: 'quorum-unreachable', detail: chosen.refused },
        retriable: false,
      };
    }
    const document = await writePlan(input, experiment, chosen, services);
    switch (await services.experiments.openRound(document)) {
      case 'opened':
        return answer(document, experiment);
      case 'cancelled':
        return { kind: 'cancelled' };
      case 'exists':
        return answer((await services.experiments.readRound(input)) ?? document, experiment);
    }
  },
);

function answer(round: RoundDocument, experiment: ExperimentDocument): Output {
  if (round.phase === 'aggregated' || round.phase === 'failed' || round.phase === 'cancelled') {
    return { kind: 'decided', phase: round.phase };
  }
  const { graceSeconds, drainSeconds } = experiment.spec.roundPolicy;
  const { deadline, cohortSize: size, quorum } = round;
  return { kind: 'opened', deadline, graceSeconds, drainSeconds, cohortSize: size, quorum };
}

interface ChosenCohort {
  readonly members: readonly CohortMember[];
  readonly quorum: number;
}

/** The silos to ask: active in the roster, and not among those that declined this round before. */
async function chooseCohort(
  input: Input,
  { spec }: ExperimentDocument,
  services: Services,
): Promise<ChosenCohort | { refused: string }> {
  const isInit = input.task === 'init' && spec.initialModel.kind === 'init';
  const asked = spec.initialModel.kind === 'init' && isInit ? [spec.initialModel.silo] : spec.silos;
  const entries = await Promise.all(asked.map((silo) => services.roster.read(silo)));
  // Of every attempt at this round: who declined one is not asked again.
  const { experiment, round } = input;
  const refusals = await services.experiments.listParticipations({ experiment, round }, 'declined');
  const declined = new Set(refusals.map(({ silo }) => silo));
  const eligible = entries.filter((entry) => entry?.status === 'active' && !declined.has(entry.silo));
  const rule = isInit ? { fraction: 1 } : spec.roundPolicy.cohort;
  const quorum = isInit ? 1 : (spec.roundPolicy.quorum ?? cohortSize(rule, spec.silos.length));
  if (eligible.length < quorum) {
    const why = declined.size > 0 ? `; declined: ${[...declined].join(', ')}` : '';
    return {
      refused: `${eligible.length} of ${asked.length} silos can be asked and the quorum is ${quorum}${why}`,
    };
  }
  const byId = new Map(
    eligible.flatMap((entry) => (entry === undefined ? [] : [[entry.silo, entry] as const])),
  );
  const size = Math.max(quorum, cohortSize(rule, spec.silos.length));
  const members = selectCohort({
    silos: [...byId.keys()],
    rule: { size },
    seed: spec.seed,
    round: input.round,
  }).flatMap((silo): CohortMember[] => {
    const entry = byId.get(silo);
    if (entry === undefined) return [];
    return [{ silo, rosterVersion: entry.version, objectId: entry.objectId, kek: entry.kek, sig: entry.sig }];
  });
  return { members, quorum };
}

/** Cohort and plan are create-only: a repeated activity finds the first run's and signs nothing new. */
async function writePlan(
  input: Input,
  experiment: ExperimentDocument,
  chosen: ChosenCohort,
  services: Services,
): Promise<RoundDocument> {
  const { experiment: id, round, attempt } = input;
  const cohort = await services.archive.putOrRead(
    paths.cohort(id, round, attempt),
    cohortBytes(chosen.members),
  );
  const { members } = cohortRecord.parse(JSON.parse(cohort.bytes.toString()));
  const planPath = paths.plan(id, round, attempt);
  const stored =
    (await services.archive.find(planPath)) ??
    (await services.archive.putOrRead(
      planPath,
      await signPlan(
        {
          ...planOf(input, experiment, members, cohort.reference.sha256, services),
          ...(await encodingOf(input, experiment, services)),
        },
        services,
      ),
    ));
  const { plan } = signedPlan.parse(JSON.parse(stored.bytes.toString()));
  return {
    id: roundDocumentId(input),
    kind: 'round',
    experimentId: id,
    round,
    attempt,
    task: input.task,
    phase: 'collecting',
    planDigest: bodyDigest(plan),
    plan: stored.reference,
    cohort: cohort.reference,
    cohortSize: members.length,
    quorum: chosen.quorum,
    base: plan.base,
    deadline: plan.deadline,
    counters: { submitted: 0, admitted: 0, refused: 0, late: 0, declined: 0, failed: 0, unreachable: 0 },
    openedAt: input.at,
    closedAt: null,
    endedAt: null,
    frozen: null,
    model: null,
    failure: null,
  };
}

/** How the updates of a training round travel; what that makes of the base's tensors, nobody has to be told twice. */
async function encodingOf(
  { task }: Input,
  { spec, pointer }: ExperimentDocument,
  { models }: Services,
): Promise<{ encoding?: PlanEncoding }> {
  const { encoding } = spec.training;
  if (encoding === undefined || pointer === null || task !== 'train') return {};
  const sent = encodedSchema(await readModelSchema(models.reader(pointer.path), pointer.bytes), encoding);
  return { encoding: { as: encoding, schema: schemaDigest(sent), bytes: plaintextLength(sent) } };
}

function planOf(
  input: Input,
  { spec, pointer }: ExperimentDocument,
  members: readonly CohortMember[],
  cohortDigest: string,
  services: Services,
): Plan {
  const deadline = Date.parse(input.at) + spec.roundPolicy.deadlineSeconds * 1_000;
  const end =
    spec.roundPolicy.endBy === undefined ? deadline : Math.min(deadline, Date.parse(spec.roundPolicy.endBy));
  const { maxUpdateBytes, weightCap, normCap, config } = spec.training;
  return {
    kind: input.task,
    experiment: input.experiment,
    experimentName: spec.name,
    round: input.round,
    totalRounds: spec.rounds,
    attempt: input.attempt,
    nonce: Buffer.from(services.clock.randomBytes(16)).toString('base64url'),
    rosterDigest: rosterDigest(members),
    cohortDigest,
    cohortSize: members.length,
    base:
      pointer === null ? null : { version: pointer.version, sha256: pointer.sha256, bytes: pointer.bytes },
    schema: pointer?.schema ?? null,
    deadline: new Date(end).toISOString(),
    task: {
      config: { ...config, ...configOf(spec.strategy) },
      seed: taskSeed(spec.seed, input.round),
      metrics: reportedMetricsOf(spec.strategy, spec.evaluation.metrics),
    },
    limits: { maxUpdateBytes, weightCap, ...(normCap === undefined ? {} : { normCap }) },
    policy: { tier: spec.privacy.tier },
  };
}

async function signPlan(plan: Plan, services: Services): Promise<Buffer> {
  const { jwk } = await services.keys.planSigningKey();
  const sig = await signBody('tributary/plan/1', plan, (digest) => services.keys.signAsCoordinator(digest));
  return Buffer.from(canonicalJson({ kind: 'plan', plan, key: jwk, sig }));
}
