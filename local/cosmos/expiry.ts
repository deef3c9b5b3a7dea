import type { Container, ContainerDefinition, StoredItem } from './container-state.ts';

/**
 * Epoch milliseconds from which an item is gone for every reader, whether or not it has been swept yet. An item's own
 * `ttl` (seconds, -1 for never) counts only where the container has a default.
 */
export function expiresAt({ defaultTtlSeconds }: ContainerDefinition, { body }: StoredItem): number {
  if (defaultTtlSeconds === undefined) return Number.POSITIVE_INFINITY;
  const ttl = typeof body['ttl'] === 'number' ? body['ttl'] : defaultTtlSeconds;
  const written = body['_ts'];
  if (ttl < 0 || typeof written !== 'number') return Number.POSITIVE_INFINITY;
  return (written + ttl) * 1000;
}

/** The expired items of a container by partition. */
export function expiredItems(container: Container, now: number): Map<string, string[]> {
  const expired = new Map<string, string[]>();
  if (container.definition.defaultTtlSeconds === undefined) return expired;
  for (const [partition, items] of container.partitions) {
    const ids = [...items.values()]
      .filter((item) => expiresAt(container.definition, item) <= now)
      .map(({ id }) => id);
    if (ids.length > 0) expired.set(partition, ids);
  }
  return expired;
}
