/** A transactional batch: every operation in one partition, all of them or none. */
import type { StoredItem } from './container-state.ts';
import { badRequest, CosmosFailure, unsupported } from './failure.ts';
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
import { requireObject } from './json-body.ts';
import { chargeOf } from './request-units.ts';
import { type JsonObject, type JsonValue, memberOf } from './sql/values.ts';

const MAX_OPERATIONS = 100;
const KINDS = ['Create', 'Upsert', 'Replace', 'Patch', 'Delete', 'Read'] as const;

export interface BatchOperation {
  readonly kind: (typeof KINDS)[number];
  readonly id: string;
  readonly content: JsonValue | undefined;
  readonly ifMatch: string | undefined;
}

/** One entry of the answer. */
export interface BatchEntry {
  readonly statusCode: number;
  readonly requestCharge: number;
  readonly subStatusCode?: number;
  readonly eTag?: JsonValue;
  readonly resourceBody?: JsonObject;
}

/** Carries the entries of a batch that changed nothing, because one operation failed. */
export class BatchRefused extends Error {
  override readonly name = 'BatchRefused';
  readonly entries: readonly BatchEntry[];
  constructor(entries: readonly BatchEntry[]) {
    super('an operation of the batch failed');
    this.entries = entries;
  }
}

/** @throws CosmosFailure 400, 501 */
export function parseBatch(body: JsonValue | undefined): BatchOperation[] {
  if (!Array.isArray(body) || body.length === 0) throw badRequest('A batch is a list of operations.');
  if (body.length > MAX_OPERATIONS) {
    throw badRequest(`Batch request has more operations than what is supported (${MAX_OPERATIONS}).`);
  }
  return body.map(parseOperation);
}

/** @throws BatchRefused with 424 for every operation but the one that failed */
export function runBatch(context: ItemContext, operations: readonly BatchOperation[]): BatchEntry[] {
  const entries: BatchEntry[] = [];
  for (const [failed, operation] of operations.entries()) {
    try {
      entries.push(entryOf(runOperation(context, operation)));
    } catch (error) {
      if (!(error instanceof CosmosFailure)) throw error;
      const refused = operations.map((_, index): BatchEntry => {
        if (index !== failed) return { statusCode: 424, requestCharge: 0 };
        const { status, substatus } = error;
        return {
          statusCode: status,
          requestCharge: 1,
          ...(substatus === undefined ? {} : { subStatusCode: substatus }),
        };
      });
      throw new BatchRefused(refused);
    }
  }
  return entries;
}

function parseOperation(value: JsonValue): BatchOperation {
  const fields = requireObject(value, 'A batch operation');
  const kind = KINDS.find((known) => known === memberOf(fields, 'operationType'));
  if (kind === undefined) throw badRequest(`A batch operation is one of ${KINDS.join(', ')}.`);
  if (memberOf(fields, 'ifNoneMatch') !== undefined) throw unsupported('ifNoneMatch in a batch');
  const id = memberOf(fields, 'id');
  const ifMatch = memberOf(fields, 'ifMatch');
  const named = kind !== 'Create' && kind !== 'Upsert';
  if (named && typeof id !== 'string') throw badRequest(`The batch operation ${kind} needs an id.`);
  if (ifMatch !== undefined && typeof ifMatch !== 'string') throw badRequest('ifMatch is an ETag.');
  return { kind, id: typeof id === 'string' ? id : '', content: memberOf(fields, 'resourceBody'), ifMatch };
}

function runOperation(context: ItemContext, { kind, id, content, ifMatch }: BatchOperation): ItemResult {
  switch (kind) {
    case 'Create':
      return createItem(context, content);
    case 'Upsert':
      return upsertItem(context, content, ifMatch);
    case 'Replace':
      return replaceItem(context, id, content, ifMatch);
    case 'Patch':
      return patchItem(context, id, content, ifMatch);
    case 'Delete':
      return deleteItem(context, id, ifMatch);
    case 'Read':
      return readItem(context, id);
  }
}

function entryOf({ status, item }: ItemResult): BatchEntry {
  return {
    statusCode: status,
    requestCharge: item === undefined ? 5 : chargeOf(item, status === 200),
    ...(item === undefined ? {} : bodyOf(item)),
  };
}

function bodyOf({ body }: StoredItem): Pick<BatchEntry, 'eTag' | 'resourceBody'> {
  return { ...(body['_etag'] === undefined ? {} : { eTag: body['_etag'] }), resourceBody: body };
}
