import { readCohort } from '../../activities/cohort-record.ts';
import type { ModelLink } from '../../shared/contracts/api.ts';
import { parseParticipationId } from '../../shared/contracts/identifiers.ts';
import { json, notFound, problem } from './answers.ts';
import type { Handle } from './endpoint.ts';

const linkLifetime = 15 * 60_000;

/**
 * `POST /api/participations/{id}/model-link`: the base model's one-blob link, made when a silo begins to download and
 * stored nowhere. The caller must be the silo's own identity, and the silo must be in the cohort of an open round.
 */
export const modelLink: Handle = async ({ request, caller, services }) => {
  const key = parseParticipationId(request.params['id'] ?? '');
  const entry = key === undefined ? undefined : await services.roster.read(key.silo);
  if (key === undefined || entry?.objectId !== caller.objectId || entry.tenantId !== caller.tenantId) {
    return problem(403, 'not-allowed', "Only the silo's own identity may ask for this link.");
  }
  const round = await services.experiments.readRound(key);
  const members = round === undefined ? [] : await readCohort(services.archive, round.cohort);
  if (round === undefined || !members.some(({ silo }) => silo === key.silo)) {
    return notFound(`participation ${request.params['id']}`);
  }
  if (round.phase !== 'collecting') return problem(409, 'wrong-state', `The round is ${round.phase}.`);
  if (round.base === null) return problem(409, 'wrong-state', 'This task starts from no model.');
  const version = await services.experiments.readVersion(key.experiment, round.base.version);
  if (version === undefined) throw new Error('the base of an open round has no document');
  const now = services.clock.now();
  const answer: ModelLink = {
    url: await services.models.link(version.model.path, now + linkLifetime),
    sha256: round.base.sha256,
    bytes: round.base.bytes,
    secondsLeft: Math.max(0, (Date.parse(round.deadline) - now) / 1_000),
  };
  return json(200, answer);
};
