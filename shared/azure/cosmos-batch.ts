import { setTimeout as sleep } from 'node:timers/promises';
import type { Container, OperationInput } from '@azure/cosmos';

/** The status of each operation of a transactional batch, and the resource of each where it went through. */
export interface BatchAnswer {
  readonly committed: boolean;
  readonly statuses: readonly number[];
  readonly resources: readonly unknown[];
}

/**
 * Runs a transactional batch in one logical partition: all or nothing. A failed condition is an answer, with the
 * status of the operation that failed (404, 409, 412) and 424 for the others. 429 and 449 are tried again.
 */
export async function runBatch(
  container: Container,
  partition: string,
  operations: OperationInput[],
): Promise<BatchAnswer> {
  for (let attempt = 1; ; attempt++) {
    const response = await container.items.batch(operations, partition);
    const results = response.result ?? [];
    const statuses = results.map((result) => result.statusCode);
    const committed = statuses.length === operations.length && statuses.every((status) => status < 300);
    const throttled =
      response.code === 429 || response.code === 449 || statuses.some((s) => s === 429 || s === 449);
    if (!throttled) {
      if (!committed && !statuses.some((status) => [404, 409, 412].includes(status))) {
        throw new Error(`a transactional batch failed with ${response.code} (${statuses.join(', ')})`);
      }
      return { committed, statuses, resources: results.map((result) => result.resourceBody) };
    }
    if (attempt >= 12) throw new Error('a transactional batch was throttled 12 times');
    await sleep(Math.random() * Math.min(2_000, 20 * 2 ** attempt));
  }
}
