import type { Container, JSONObject, OperationInput, SqlQuerySpec } from '@azure/cosmos';
import type * as z from 'zod';
import {
  type ExperimentDocument,
  experimentDocument,
  participationDocument,
  participationDocumentId,
  type RoundPhase,
  roundDocument,
  roundDocumentId,
  versionDocument,
  versionDocumentId,
} from '../contracts/documents.ts';
import type { AttemptKey } from '../contracts/identifiers.ts';
import type {
  ExperimentStore,
  ParticipationMove,
  ParticipationMoved,
  VersionPublication,
} from '../ports/experiment-store.ts';
import { runBatch } from './cosmos-batch.ts';
import { unless, withConflictRetry } from './cosmos-outcome.ts';

/** The ledger in Cosmos: one logical partition per experiment. */
export function cosmosExperimentStore(container: Container): ExperimentStore {
  const read = async <T>(experiment: string, id: string, shape: z.ZodType<T>): Promise<T | undefined> => {
    const { resource } = await container.item(id, experiment).read();
    return resource === undefined ? undefined : shape.parse(resource);
  };
  const query = async <T>(experiment: string, spec: SqlQuerySpec, shape: z.ZodType<T>): Promise<T[]> => {
    const { resources } = await container.items.query(spec, { partitionKey: experiment }).fetchAll();
    return resources.map((resource) => shape.parse(resource));
  };
  const readExperiment = (experiment: string) => read(experiment, 'experiment', experimentDocument);
  const readRound = (key: AttemptKey) => read(key.experiment, roundDocumentId(key), roundDocument);

  return {
    createExperiment: (document) =>
      unless(409, 'exists' as const, async () => {
        await container.items.create(document);
        return 'created' as const;
      }),
    readExperiment,
    async listPending() {
      const pending = "SELECT * FROM c WHERE c.kind = 'experiment' AND c.status = 'pending'";
      const { resources } = await container.items.query(pending).fetchAll();
      return resources.map((resource) => experimentDocument.parse(resource));
    },

    async updateExperiment(experiment, change) {
      for (;;) {
        const { resource, etag } = await container.item('experiment', experiment).read();
        if (resource === undefined) throw new Error(`experiment ${experiment} has no document`);
        const present = experimentDocument.parse(resource);
        const next = change(present);
        if (next === undefined) return present;
        const replaced = await unless(412, undefined, () =>
          container
            .item('experiment', experiment)
            .replace(next, { accessCondition: { type: 'IfMatch', condition: etag } }),
        );
        if (replaced !== undefined) return next;
      }
    },

    async openRound(document) {
      const answer = await runBatch(container, document.experimentId, [
        { operationType: 'Create', resourceBody: document },
        {
          operationType: 'Patch',
          id: 'experiment',
          resourceBody: {
            condition: `FROM c WHERE c.status = 'running' AND ${notCancelled}`,
            operations: [
              {
                op: 'set',
                path: '/currentRound',
                value: { round: document.round, attempt: document.attempt, task: document.task },
              },
            ],
          },
        },
      ]);
      if (answer.committed) return 'opened';
      return answer.statuses[0] === 409 ? 'exists' : 'cancelled';
    },
    readRound,
    listRounds: (experiment) =>
      query(experiment, { query: "SELECT * FROM c WHERE c.kind = 'round'" }, roundDocument),

    async advanceRound(key, from, change) {
      const operations = Object.entries(change).map(([field, value]) => ({
        op: 'set' as const,
        path: `/${field}`,
        value,
      }));
      const patched = await withConflictRetry(() =>
        unless(412, undefined, () =>
          container
            .item(roundDocumentId(key), key.experiment)
            .patch({ condition: `FROM c WHERE ${phaseIn(from)}`, operations }),
        ),
      );
      if (patched !== undefined) return { moved: true, round: roundDocument.parse(patched.resource) };
      const present = await readRound(key);
      if (present === undefined)
        throw new Error(`round ${roundDocumentId(key)} of ${key.experiment} has no document`);
      return { moved: false, round: present };
    },

    readParticipation: (key) => read(key.experiment, participationDocumentId(key), participationDocument),
    listParticipations: (key, state) =>
      query(
        key.experiment,
        {
          query:
            "SELECT * FROM c WHERE c.kind = 'participation' AND c.round = @round" +
            (key.attempt === undefined ? '' : ' AND c.attempt = @attempt') +
            (state === undefined ? '' : ' AND c.state = @state'),
          parameters: [
            { name: '@round', value: key.round },
            ...(key.attempt === undefined ? [] : [{ name: '@attempt', value: key.attempt }]),
            ...(state === undefined ? [] : [{ name: '@state', value: state }]),
          ],
        },
        participationDocument,
      ),
    moveParticipation: (move) => moveParticipation(container, move),

    async publishVersion(publication) {
      const { document } = publication;
      const answer = await runBatch(container, document.experimentId, publishing(publication));
      if (answer.committed) return 'published';
      const present = await read(document.experimentId, versionDocumentId(document.version), versionDocument);
      if (present !== undefined)
        return present.model.sha256 === document.model.sha256 ? 'exists' : 'conflict';
      const experiment = await readExperiment(document.experimentId);
      return isCancelled(experiment) ? 'cancelled' : 'conflict';
    },
    readVersion: (experiment, version) => read(experiment, versionDocumentId(version), versionDocument),
    listVersions: (experiment) =>
      query(
        experiment,
        { query: "SELECT * FROM c WHERE c.kind = 'version' ORDER BY c.version" },
        versionDocument,
      ),
  };
}

const notCancelled = "(IS_NULL(c.requested) OR c.requested != 'cancel')";

function phaseIn(phases: readonly RoundPhase[]): string {
  return `c.phase IN (${phases.map((phase) => `'${phase}'`).join(', ')})`;
}

function isCancelled(experiment: ExperimentDocument | undefined): boolean {
  return experiment?.requested === 'cancel' || experiment?.status === 'cancelled';
}

/** As it is sent: absent members left out. */
function asJson(value: unknown): JSONObject {
  return JSON.parse(JSON.stringify(value)) as JSONObject;
}

async function moveParticipation(container: Container, move: ParticipationMove): Promise<ParticipationMoved> {
  const { document, from } = move;
  const participation: OperationInput =
    from === null
      ? { operationType: 'Create', resourceBody: asJson(document) }
      : {
          operationType: 'Patch',
          id: document.id,
          resourceBody: {
            condition: `FROM c WHERE c.state = '${from}' AND c.replyDigest = '${document.replyDigest}'`,
            operations: (
              ['state', 'weight', 'numExamples', 'metrics', 'pin', 'evidence', 'reason', 'decidedAt'] as const
            ).map((field) => ({ op: 'set' as const, path: `/${field}`, value: asJson(document[field]) })),
          },
        };
  const counters: OperationInput = {
    operationType: 'Patch',
    id: roundDocumentId(document),
    resourceBody: {
      condition: `FROM c WHERE ${phaseIn(move.whileRound)}`,
      operations: Object.entries(move.counters).map(([name, value]) => ({
        op: 'incr' as const,
        path: `/counters/${name}`,
        value,
      })),
    },
  };
  const answer = await runBatch(container, document.experimentId, [participation, counters]);
  if (answer.committed) return { result: 'moved', round: roundDocument.parse(answer.resources[1]) };
  return answer.statuses[1] === 412 ? { result: 'round-moved-on' } : { result: 'lost-race' };
}

function publishing({ document, round, pointer, evidence }: VersionPublication): OperationInput[] {
  const parentStands =
    document.parent === null ? 'IS_NULL(c.pointer)' : `c.pointer.version = ${document.parent}`;
  const operations: OperationInput[] = [
    { operationType: 'Create', resourceBody: document },
    {
      operationType: 'Patch',
      id: 'experiment',
      resourceBody: {
        condition: `FROM c WHERE c.status = 'running' AND ${parentStands} AND ${notCancelled}`,
        operations: [{ op: 'set', path: '/pointer', value: pointer }],
      },
    },
  ];
  if (round === null) return operations;
  return [
    ...operations,
    {
      operationType: 'Patch',
      id: roundDocumentId(round),
      resourceBody: {
        condition: "FROM c WHERE c.phase = 'closed'",
        operations: [
          { op: 'set', path: '/phase', value: 'aggregated' },
          { op: 'set', path: '/model', value: pointer },
          { op: 'set', path: '/endedAt', value: document.createdAt },
          ...(evidence === undefined ? [] : [{ op: 'set' as const, path: '/evidence', value: evidence }]),
        ],
      },
    },
  ];
}
