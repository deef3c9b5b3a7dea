/** What one operation on one item does to its partition. Each throws CosmosFailure and then has changed nothing. */
import type { Container, StoredItem } from './container-state.ts';
import { badRequest, CosmosFailure, notFound, preconditionFailed } from './failure.ts';
import { requireObject } from './json-body.ts';
import { partitionOfItem } from './partition-key.ts';
import type { PartitionView } from './partition-writer.ts';
import { applyPatch, parsePatch } from './patch.ts';
import { type JsonObject, type JsonValue, memberOf } from './sql/values.ts';

/** Where an operation takes place. */
export interface ItemContext {
  readonly container: Container;
  readonly partition: string;
  readonly view: PartitionView;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface ItemResult {
  readonly status: 200 | 201 | 204 | 304;
  readonly item?: StoredItem;
}

export function createItem(context: ItemContext, content: JsonValue | undefined): ItemResult {
  const { id, body } = checkContent(context, content);
  if (context.view.read(id) !== undefined) {
    throw new CosmosFailure(409, 'Conflict', 'Entity with the specified id already exists in the system.');
  }
  return { status: 201, item: context.view.put(id, body, undefined) };
}

/** An ETag condition binds the replacing only: an absent item is created all the same, as the service does. */
export function upsertItem(
  context: ItemContext,
  content: JsonValue | undefined,
  ifMatch?: string,
): ItemResult {
  const { id, body } = checkContent(context, content);
  const previous = context.view.read(id);
  if (previous !== undefined) requireMatch(previous, ifMatch);
  const item = context.view.put(id, body, previous);
  return { status: previous === undefined ? 201 : 200, item };
}

export function replaceItem(
  context: ItemContext,
  id: string,
  content: JsonValue | undefined,
  ifMatch?: string,
): ItemResult {
  const previous = requireItem(context, id);
  requireMatch(previous, ifMatch);
  const checked = checkContent(context, content);
  if (checked.id !== id) throw badRequest('The id in the body must be the id in the address.');
  return { status: 200, item: context.view.put(id, checked.body, previous) };
}

export function patchItem(
  context: ItemContext,
  id: string,
  content: JsonValue | undefined,
  ifMatch?: string,
): ItemResult {
  const patch = parsePatch(content, context.container.definition.partitionKeyPath);
  const previous = requireItem(context, id);
  requireMatch(previous, ifMatch);
  const body = applyPatch(patch, previous.body, context.now);
  checkTtl(body);
  return { status: 200, item: context.view.put(id, body, previous) };
}

export function deleteItem(context: ItemContext, id: string, ifMatch?: string): ItemResult {
  requireMatch(requireItem(context, id), ifMatch);
  context.view.remove(id);
  return { status: 204 };
}

export function readItem(context: ItemContext, id: string, ifNoneMatch?: string): ItemResult {
  const item = requireItem(context, id);
  const unchanged = ifNoneMatch === '*' || ifNoneMatch === memberOf(item.body, '_etag');
  return { status: unchanged ? 304 : 200, item };
}

function requireItem({ view }: ItemContext, id: string): StoredItem {
  const item = view.read(id);
  if (item === undefined) throw notFound('Entity with the specified id');
  return item;
}

function requireMatch(item: StoredItem, ifMatch: string | undefined): void {
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== item.body['_etag']) throw preconditionFailed();
}

function checkContent(
  { container, partition }: ItemContext,
  content: JsonValue | undefined,
): { id: string; body: JsonObject } {
  const body = requireObject(content, 'The item');
  const id = memberOf(body, 'id');
  if (typeof id !== 'string' || id === '' || Buffer.byteLength(id) > 1023 || /[/\\?#]/.test(id)) {
    throw badRequest("The required property 'id' is missing or not valid.");
  }
  if (partitionOfItem(body, container.definition.partitionKeyPath) !== partition) {
    throw badRequest(
      "PartitionKey extracted from document doesn't match the one specified in the header.",
      1001,
    );
  }
  checkTtl(body);
  return { id, body };
}

function checkTtl(body: JsonObject): void {
  const ttl = memberOf(body, 'ttl');
  if (ttl === undefined || ttl === null || ttl === -1) return;
  if (typeof ttl !== 'number' || !Number.isInteger(ttl) || ttl < 1 || ttl > 0x7fffffff) {
    throw badRequest("The property 'ttl' must be a positive whole number of seconds or -1.");
  }
}
