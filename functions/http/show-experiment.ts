import * as z from 'zod';
import type { ExperimentList, ExperimentView } from '../../shared/contracts/api.ts';
import type { ExperimentDocument } from '../../shared/contracts/documents.ts';
import { experimentId, roundInstanceId } from '../../shared/contracts/identifiers.ts';
import type { Orchestrations } from '../../shared/ports/orchestrations.ts';
import type { Services } from '../../shared/ports/services.ts';
import { json, notFound, problem } from './answers.ts';
import { type Handle, Refused } from './endpoint.ts';
import { publicPointer, viewRound } from './round-view.ts';

/** The experiment that a route names. */
export async function requireExperiment(
  id: string | undefined,
  services: Services,
): Promise<ExperimentDocument> {
  const parsed = experimentId.safeParse(id);
  const document = parsed.success ? await services.experiments.readExperiment(parsed.data) : undefined;
  if (document === undefined) throw new Refused(notFound(`experiment ${id}`));
  return document;
}

/** `GET /api/experiments/{id}`: how far it is, what it waits for and until when. */
export const showExperiment: Handle = async ({ request, services, orchestrations }) => {
  const document = await requireExperiment(request.params['id'], services);
  return json(200, await view(document, services, orchestrations));
};

/** `GET /api/experiments?limit=&after=`: newest first. */
export const listExperiments: Handle = async ({ request, services }) => {
  const limit = z.coerce
    .number()
    .int()
    .min(1)
    .max(200)
    .default(50)
    .safeParse(request.query.get('limit') ?? undefined);
  if (!limit.success) return problem(400, 'spec-invalid', 'limit is a number from 1 to 200.');
  const after = request.query.get('after');
  const page = await services.catalog.listExperiments({
    limit: limit.data,
    ...(after === null ? {} : { after }),
  });
  const list: ExperimentList = {
    experiments: page.entries.map(({ id, name, status, createdAt, endedAt, silos, rounds }) => {
      return { experiment: id, name, status, createdAt, endedAt, silos, rounds };
    }),
    next: page.next,
  };
  return json(200, list);
};

/** `GET /api/experiments/{id}/rounds/{n}?attempt=`: the attempt named, or the last one. */
export const showRound: Handle = async ({ request, services }) => {
  const { experimentId: id } = await requireExperiment(request.params['id'], services);
  const round = Number(request.params['round']);
  const attempts = (await services.experiments.listRounds(id))
    .filter((document) => document.round === round)
    .sort((a, b) => a.attempt - b.attempt);
  const wanted = request.query.get('attempt');
  const chosen =
    wanted === null ? attempts.at(-1) : attempts.find(({ attempt }) => String(attempt) === wanted);
  if (chosen === undefined) return notFound(`round ${request.params['round']} in ${id}`);
  return json(200, { ...(await viewRound(chosen, services)), attempts: attempts.length });
};

async function view(
  document: ExperimentDocument,
  services: Services,
  orchestrations: Orchestrations,
): Promise<ExperimentView> {
  const { experimentId: id, currentRound } = document;
  const [round, metrics] = await Promise.all([
    currentRound === null ? undefined : services.experiments.readRound({ experiment: id, ...currentRound }),
    services.metrics.list(id),
  ]);
  return {
    experiment: id,
    name: document.spec.name,
    status: document.status,
    requested: document.requested,
    round: currentRound?.round ?? 0,
    rounds: document.spec.rounds,
    createdAt: document.createdAt,
    createdBy: document.createdBy,
    startedAt: document.startedAt,
    endedAt: document.endedAt,
    reason: document.reason,
    waiting: await waitingOf(document, orchestrations),
    current: round === undefined ? null : await viewRound(round, services),
    model: publicPointer(document.pointer),
    best: document.best,
    metrics: metrics.map(({ version, round: scoredIn, metrics: values, numExamples }) => {
      return { version, round: scoredIn, metrics: values, numExamples };
    }),
    spec: document.spec,
  };
}

const customStatus = z.object({ waitingFor: z.string(), until: z.string().nullable() });

/** What the innermost orchestration says it waits for. */
async function waitingOf(
  { status, experimentId: id, currentRound }: ExperimentDocument,
  orchestrations: Orchestrations,
): Promise<ExperimentView['waiting']> {
  if (status === 'pending') return { for: 'the orchestration to start', until: null };
  if (status !== 'running') return null;
  const instances = currentRound === null ? [] : [roundInstanceId({ experiment: id, ...currentRound })];
  for (const instance of [...instances, id]) {
    const parsed = customStatus.safeParse(await orchestrations.status(instance));
    if (parsed.success && parsed.data.waitingFor !== 'nothing') {
      return { for: parsed.data.waitingFor, until: parsed.data.until };
    }
  }
  return null;
}
