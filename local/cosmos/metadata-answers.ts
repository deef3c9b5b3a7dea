import type { Answer } from './answer.ts';
import type { Container, Database } from './container-state.ts';
import type { CosmosStore } from './cosmos-store.ts';
import { notFound } from './failure.ts';
import { accountDocument, containerDocument, databaseDocument, partitionKeyRange } from './metadata.ts';
import type { MetadataName, Operation } from './operation.ts';
import { readQueryText, runQueryPage } from './query-page.ts';
import type { JsonObject, JsonValue } from './sql/values.ts';

export interface MetadataContext {
  readonly store: CosmosStore;
  readonly endpoint: string;
  readonly now: number;
  readonly body: JsonValue | undefined;
  readonly maxItemCount: number | undefined;
  readonly continuation: string | undefined;
}

/** @throws CosmosFailure 400, 404, 501 */
export function answerMetadata(operation: Operation<MetadataName>, context: MetadataContext): Answer {
  const { store } = context;
  switch (operation.name) {
    case 'account/read':
      return document(accountDocument(context.endpoint));
    case 'databases/read':
      return document(databaseDocument(requireDatabase(store, operation)));
    case 'databases/list':
    case 'databases/query':
      return feed('Databases', [...store.databases.values()].map(databaseDocument), operation, context);
    case 'containers/read':
      return document(containerDocument(requireContainer(store, operation)));
    case 'containers/list':
    case 'containers/query': {
      const { containers } = requireDatabase(store, operation);
      return feed('DocumentCollections', [...containers.values()].map(containerDocument), operation, context);
    }
    case 'ranges/list': {
      const range = partitionKeyRange(requireContainer(store, operation));
      return feed('PartitionKeyRanges', [range], operation, context);
    }
  }
}

/** @throws CosmosFailure 404 */
export function requireContainer(store: CosmosStore, operation: Operation): Container {
  const container = requireDatabase(store, operation).containers.get(operation.container);
  if (container === undefined) throw notFound('The container');
  return container;
}

function requireDatabase(store: CosmosStore, { database }: Operation): Database {
  const found = store.databases.get(database);
  if (found === undefined) throw notFound('The database');
  return found;
}

function document(body: JsonObject): Answer {
  const etag = typeof body['_etag'] === 'string' ? { etag: body['_etag'] } : {};
  return { status: 200, body: JSON.stringify(body), headers: { 'x-ms-request-charge': '1', ...etag } };
}

function feed(
  key: string,
  documents: readonly JsonObject[],
  operation: Operation,
  context: MetadataContext,
): Answer {
  const query = operation.name.endsWith('/query')
    ? readQueryText(context.body)
    : { text: 'SELECT * FROM r', parameters: new Map() };
  const numbered = documents.map((body, ordinal) => ({ ordinal, body }));
  const { rows, continuation } = runQueryPage(query, numbered, {
    ...context,
    over: `${key} ${operation.database}`,
    acrossPartitions: false,
  });
  return {
    status: 200,
    body: `{"_rid":"","${key}":[${rows.join(',')}],"_count":${rows.length}}`,
    headers: {
      'x-ms-request-charge': '1',
      'x-ms-item-count': String(rows.length),
      etag: `"${documents.length}"`,
      ...(continuation === undefined ? {} : { 'x-ms-continuation': continuation }),
    },
  };
}
