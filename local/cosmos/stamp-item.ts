import type { Container, StoredItem } from './container-state.ts';
import { tooLarge } from './failure.ts';
import { containerResourceId, databaseResourceId, itemResourceId } from './resource-id.ts';
import { type JsonObject, setMember } from './sql/values.ts';

export const MAX_ITEM_BYTES = 2 * 1024 * 1024;
export const SYSTEM_PROPERTIES: ReadonlySet<string> = new Set([
  '_rid',
  '_self',
  '_etag',
  '_attachments',
  '_ts',
]);

/**
 * Gives an item its system properties. The ETag is made of the container's sequence number, which grows with every
 * write and is never given twice to anything a client was told about.
 *
 * @throws CosmosFailure 413
 */
export function stampItem(
  container: Container,
  content: JsonObject,
  id: string,
  previous: StoredItem | undefined,
  now: number,
): { item: StoredItem; bytes: number } {
  const { database } = container;
  const ordinal = previous?.ordinal ?? container.lastOrdinal + 1;
  const lsn = container.lastLsn + 1;
  const rid = itemResourceId(database.number, container.number, ordinal);
  const parent = containerResourceId(database.number, container.number);
  const body: JsonObject = {};
  for (const [key, value] of Object.entries(content)) {
    if (!SYSTEM_PROPERTIES.has(key)) setMember(body, key, value);
  }
  setMember(body, 'id', id);
  setMember(body, '_rid', rid);
  setMember(body, '_self', `dbs/${databaseResourceId(database.number)}/colls/${parent}/docs/${rid}/`);
  setMember(body, '_etag', etagOf(container.number, lsn));
  setMember(body, '_attachments', 'attachments/');
  setMember(body, '_ts', Math.floor(now / 1000));
  const bytes = Buffer.byteLength(JSON.stringify(body));
  if (bytes > MAX_ITEM_BYTES) throw tooLarge('The item');
  container.lastLsn = lsn;
  container.lastOrdinal = Math.max(container.lastOrdinal, ordinal);
  return { item: { id, ordinal, body }, bytes };
}

function etagOf(container: number, lsn: number): string {
  const high = container.toString(16).padStart(8, '0');
  return `"${high}-0000-0000-0000-${lsn.toString(16).padStart(12, '0')}"`;
}
