import type { JsonObject } from './sql/values.ts';

export interface StoredItem {
  readonly id: string;
  /** Place in the container's order of creation; kept when the item is replaced. */
  readonly ordinal: number;
  /** With the system properties. Never changed in place. */
  readonly body: JsonObject;
}

export interface ContainerDefinition {
  readonly partitionKeyPath: string;
  /** -1: items expire only by their own `ttl`. Absent: nothing expires. */
  readonly defaultTtlSeconds?: number;
}

export interface Container {
  readonly database: Database;
  readonly name: string;
  readonly number: number;
  definition: ContainerDefinition;
  /** Epoch seconds of the last change of the definition. */
  changedAt: number;
  /** Items by partition and id. */
  readonly partitions: Map<string, Map<string, StoredItem>>;
  /** Highest log sequence number that readers can see. */
  visibleLsn: number;
  /** Last numbers given out, to writes that may still be on their way to the disk. */
  lastLsn: number;
  lastOrdinal: number;
}

export interface Database {
  readonly name: string;
  readonly number: number;
  readonly createdAt: number;
  readonly containers: Map<string, Container>;
}

/** One change to one partition. */
export type ItemChange =
  | { readonly kind: 'put'; readonly item: StoredItem }
  | { readonly kind: 'delete'; readonly id: string };

export function applyChanges(
  container: Container,
  partition: string,
  changes: Iterable<ItemChange>,
  lsn: number,
): void {
  const items = container.partitions.get(partition) ?? new Map<string, StoredItem>();
  for (const change of changes) {
    if (change.kind === 'delete') {
      items.delete(change.id);
      continue;
    }
    const { item } = change;
    items.set(item.id, item);
    container.lastOrdinal = Math.max(container.lastOrdinal, item.ordinal);
  }
  if (items.size === 0) container.partitions.delete(partition);
  else container.partitions.set(partition, items);
  container.visibleLsn = Math.max(container.visibleLsn, lsn);
  container.lastLsn = Math.max(container.lastLsn, lsn);
}
