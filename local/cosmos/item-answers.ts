import type { Answer } from './answer.ts';
import { type BatchEntry, type BatchOperation, BatchRefused, parseBatch, runBatch } from './batch.ts';
import type { Container, StoredItem } from './container-state.ts';
import type { CosmosStore } from './cosmos-store.ts';
import { expiresAt } from './expiry.ts';
import { badRequest } from './failure.ts';
import {
  createItem,
  deleteItem,
  type ItemContext,
  type ItemResult,
  patchItem,
  readItem,
  replaceItem,
  upsertItem,
} from './item-operations.ts';
import { requireContainer } from './metadata-answers.ts';
import type { ItemsName, Operation, RequestHead, WriteName } from './operation.ts';
import { partitionFromHeader } from './partition-key.ts';
import type { PartitionView } from './partition-writer.ts';
import { type QueryText, readQueryText, runQueryPage } from './query-page.ts';
import { chargeOf, queryCharge } from './request-units.ts';
import { containerResourceId } from './resource-id.ts';
import type { QueryDocument } from './sql/run-query.ts';
import type { JsonValue } from './sql/values.ts';

export interface ItemsContext {
  readonly store: CosmosStore;
  readonly head: RequestHead;
  readonly now: () => number;
  readonly body: JsonValue | undefined;
  readonly maxItemCount: number | undefined;
  readonly continuation: string | undefined;
  /** Called with a parsed batch, before it runs. @throws CosmosFailure 403 */
  readonly permitBatch: (operations: readonly BatchOperation[]) => void;
}

const EVERYTHING: QueryText = { text: 'SELECT * FROM c', parameters: new Map() };

/** Answers an operation on items. @throws CosmosFailure */
export async function answerItems(operation: Operation<ItemsName>, context: ItemsContext): Promise<Answer> {
  const { store, head } = context;
  const { name } = operation;
  if (name === 'items/batch') return answerBatch(operation, context);
  const container = requireContainer(store, operation);
  const header = head.header('x-ms-documentdb-partitionkey');
  const partition = header === undefined ? undefined : partitionFromHeader(header);
  if (name === 'items/list') return answerQuery(EVERYTHING, container, partition, context);
  if (name === 'items/query') return answerQuery(readQueryText(context.body), container, partition, context);
  if (name === 'items/read') return answerRead(operation.id, container, requirePartition(partition), context);
  return answerWrite({ ...operation, name }, container, requirePartition(partition), context);
}

function answerRead(
  id: string,
  container: Container,
  partition: string,
  { head, now }: ItemsContext,
): Answer {
  const place = { container, partition, view: readOnlyView(container, partition, now()), now: now() };
  return itemAnswer(container, readItem(place, id, head.header('if-none-match')), head);
}

type Write = (place: ItemContext, id: string, body: JsonValue | undefined, ifMatch?: string) => ItemResult;
const WRITES: Readonly<Record<WriteName, Write>> = {
  'items/create': (place, _id, body) => createItem(place, body),
  'items/upsert': (place, _id, body, ifMatch) => upsertItem(place, body, ifMatch),
  'items/replace': replaceItem,
  'items/patch': patchItem,
  'items/delete': (place, id, _body, ifMatch) => deleteItem(place, id, ifMatch),
};

async function answerWrite(
  { name, id }: Operation<WriteName>,
  container: Container,
  partition: string,
  { store, head, body, now }: ItemsContext,
): Promise<Answer> {
  const ifMatch = head.header('if-match');
  // A condition that is not kept must not be taken: the write would look guarded and not be.
  if (head.header('if-none-match') !== undefined) throw badRequest('If-None-Match is only taken on reads.');
  if (name === 'items/create' && ifMatch !== undefined)
    throw badRequest('If-Match is not taken on a create.');
  const result = await store.write(container, partition, (view) =>
    WRITES[name]({ container, partition, view, now: now() }, id, body, ifMatch),
  );
  return itemAnswer(container, result, head);
}

async function answerBatch(operation: Operation, context: ItemsContext): Promise<Answer> {
  const { store, head, now } = context;
  const operations = parseBatch(context.body);
  context.permitBatch(operations);
  const container = requireContainer(store, operation);
  const header = head.header('x-ms-documentdb-partitionkey');
  const partition = requirePartition(header === undefined ? undefined : partitionFromHeader(header));
  try {
    const entries = await store.write(container, partition, (view) =>
      runBatch({ container, partition, view, now: now() }, operations),
    );
    const charge = entries.reduce((sum, { requestCharge }) => sum + requestCharge, 0);
    const told = wantsMinimal(head) ? withoutWritten(entries, operations) : entries;
    return { status: 200, body: JSON.stringify(told), headers: positionHeaders(container, charge) };
  } catch (error) {
    if (!(error instanceof BatchRefused)) throw error;
    return { status: 207, body: JSON.stringify(error.entries), headers: positionHeaders(container, 1) };
  }
}

function answerQuery(
  query: QueryText,
  container: Container,
  partition: string | undefined,
  context: ItemsContext,
): Answer {
  const now = context.now();
  const documents = documentsIn(container, partition, now);
  const over = JSON.stringify([container.database.name, container.name, partition ?? null]);
  const { maxItemCount, continuation } = context;
  const acrossPartitions = partition === undefined;
  const request = { maxItemCount, continuation, over, acrossPartitions, now };
  const page = runQueryPage(query, documents, request);
  const rid = containerResourceId(container.database.number, container.number);
  return {
    status: 200,
    body: `{"_rid":"${rid}","Documents":[${page.rows.join(',')}],"_count":${page.rows.length}}`,
    headers: {
      ...positionHeaders(container, queryCharge(documents.length)),
      'x-ms-item-count': String(page.rows.length),
      ...(page.continuation === undefined ? {} : { 'x-ms-continuation': page.continuation }),
    },
  };
}

/** Live items in order of creation: of one partition where one is given, and then of no other. */
function documentsIn(container: Container, partition: string | undefined, now: number): QueryDocument[] {
  const partitions =
    partition === undefined
      ? [...container.partitions.values()]
      : [container.partitions.get(partition) ?? new Map()];
  return partitions
    .flatMap((items: ReadonlyMap<string, StoredItem>) => [...items.values()])
    .filter((item) => expiresAt(container.definition, item) > now)
    .sort((left, right) => left.ordinal - right.ordinal);
}

function readOnlyView(container: Container, partition: string, now: number): PartitionView {
  const refuse = (): never => {
    throw new Error('a read must not write');
  };
  return {
    read(id) {
      const item = container.partitions.get(partition)?.get(id);
      return item !== undefined && expiresAt(container.definition, item) > now ? item : undefined;
    },
    put: refuse,
    remove: refuse,
  };
}

function requirePartition(partition: string | undefined): string {
  if (partition === undefined) throw badRequest('PartitionKey value must be supplied for this operation.');
  return partition;
}

function itemAnswer(container: Container, { status, item }: ItemResult, head: RequestHead): Answer {
  const etag = typeof item?.body['_etag'] === 'string' ? { etag: item.body['_etag'] } : {};
  return {
    status,
    body:
      item === undefined || (head.method !== 'GET' && wantsMinimal(head)) ? '' : JSON.stringify(item.body),
    headers: {
      ...positionHeaders(container, item === undefined ? 5 : chargeOf(item, head.method === 'GET')),
      ...etag,
    },
  };
}

function wantsMinimal(head: RequestHead): boolean {
  return head.header('prefer') === 'return=minimal';
}

/** Leaves out the content of what was written; what was read is still given. */
function withoutWritten(
  entries: readonly BatchEntry[],
  operations: readonly BatchOperation[],
): readonly BatchEntry[] {
  return entries.map((entry, index) => {
    const { resourceBody: _left, ...rest } = entry;
    return operations[index]?.kind === 'Read' ? entry : rest;
  });
}

function positionHeaders(container: Container, charge: number): Record<string, string> {
  return {
    'x-ms-request-charge': String(charge),
    'x-ms-session-token': `0:-1#${container.visibleLsn}`,
    lsn: String(container.visibleLsn),
    'x-ms-alt-content-path': encodeURI(`dbs/${container.database.name}/colls/${container.name}`),
    'x-ms-content-path': containerResourceId(container.database.number, container.number),
  };
}
