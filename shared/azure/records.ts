import type { Container } from '@azure/cosmos';
import * as z from 'zod';
import { auditEntry, catalogEntry, idempotencyRecord, metricsDocument } from '../contracts/documents.ts';
import { participationId } from '../contracts/identifiers.ts';
import { signal } from '../contracts/signal.ts';
import { rosterEntry } from '../contracts/silo.ts';
import type { AuditLog, Catalog, MetricsLog, Roster, SignalBoard } from '../ports/records.ts';
import { unless } from './cosmos-outcome.ts';

export function cosmosCatalog(container: Container): Catalog {
  return {
    async claimIdempotencyKey(record) {
      const created = await unless(409, undefined, () => container.items.create(record));
      if (created !== undefined) return record;
      const { resource } = await container.item(record.id, record.scope).read();
      return idempotencyRecord.parse(resource);
    },
    async putExperiment(entry) {
      await container.items.upsert(entry);
    },
    async listExperiments({ limit, after }) {
      const { resources } = await container.items
        .query(
          {
            // Ids are ULIDs, so their order is the order of creation.
            query: `SELECT * FROM c WHERE c.id < @after ORDER BY c.id DESC OFFSET 0 LIMIT ${limit + 1}`,
            parameters: [{ name: '@after', value: after ?? 'exp-~' }],
          },
          { partitionKey: 'experiments' },
        )
        .fetchAll();
      const entries = resources.slice(0, limit).map((resource) => catalogEntry.parse(resource));
      return { entries, next: resources.length > limit ? (entries.at(-1)?.id ?? null) : null };
    },
    async listByStatus(statuses) {
      const { resources } = await container.items
        .query(
          {
            query: 'SELECT * FROM c WHERE ARRAY_CONTAINS(@statuses, c.status)',
            parameters: [{ name: '@statuses', value: [...statuses] }],
          },
          { partitionKey: 'experiments' },
        )
        .fetchAll();
      return resources.map((resource) => catalogEntry.parse(resource));
    },
  };
}

export function cosmosRoster(container: Container): Roster {
  const document = (entry: z.infer<typeof rosterEntry>) => ({ id: 'silo', siloId: entry.silo, ...entry });
  return {
    async read(silo) {
      const { resource } = await container.item('silo', silo).read();
      return resource === undefined ? undefined : rosterEntry.parse(resource);
    },
    async list() {
      const { resources } = await container.items.query('SELECT * FROM c').fetchAll();
      return resources
        .map((resource) => rosterEntry.parse(resource))
        .sort((a, b) => (a.silo < b.silo ? -1 : 1));
    },
    async put(entry) {
      if (entry.version === 1) {
        const created = await unless(409, undefined, () => container.items.create(document(entry)));
        return created === undefined ? 'conflict' : 'written';
      }
      const { resource, etag } = await container.item('silo', entry.silo).read();
      const present = rosterEntry.safeParse(resource);
      if (!present.success || present.data.version !== entry.version - 1) return 'conflict';
      const replaced = await unless(412, undefined, () =>
        container
          .item('silo', entry.silo)
          .replace(document(entry), { accessCondition: { type: 'IfMatch', condition: etag } }),
      );
      return replaced === undefined ? 'conflict' : 'written';
    },
  };
}

export function cosmosMetricsLog(container: Container): MetricsLog {
  return {
    record: (document) =>
      unless(409, 'exists' as const, async () => {
        await container.items.create(document);
        return 'recorded' as const;
      }),
    async list(experiment) {
      const { resources } = await container.items
        .query('SELECT * FROM c ORDER BY c.version', { partitionKey: experiment })
        .fetchAll();
      return resources.map((resource) => metricsDocument.parse(resource));
    },
  };
}

export function cosmosAuditLog(container: Container): AuditLog {
  return {
    async append(entry) {
      await container.items.upsert(entry);
    },
    async list(experiment, { limit }) {
      const { resources } = await container.items
        .query(`SELECT * FROM c ORDER BY c.at DESC OFFSET 0 LIMIT ${limit}`, { partitionKey: experiment })
        .fetchAll();
      return resources.map((resource) => auditEntry.parse(resource));
    },
  };
}

const postedSignal = z.object({ ...signal.shape, at: z.string() });

export function cosmosSignalBoard(container: Container): SignalBoard {
  return {
    async post(latest, at) {
      const id = participationId({ experiment: latest.exp, ...latest });
      await container.items.upsert({ id, experimentId: latest.exp, ...latest, at });
    },
    async latest(experiment, round, attempt) {
      const { resources } = await container.items
        .query(
          {
            query: 'SELECT * FROM c WHERE c.round = @round AND c.attempt = @attempt',
            parameters: [
              { name: '@round', value: round },
              { name: '@attempt', value: attempt },
            ],
          },
          { partitionKey: experiment },
        )
        .fetchAll();
      return resources.map((resource) => postedSignal.parse(resource));
    },
  };
}
