import { setTimeout as sleep } from 'node:timers/promises';

/** The status code of a Cosmos error, or undefined where it is something else. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'number' ? error.code : undefined;
}

/** Runs an operation and answers `otherwise` where Cosmos says `status`. */
export async function unless<T, U>(
  status: number,
  otherwise: U,
  operation: () => Promise<T>,
): Promise<T | U> {
  try {
    return await operation();
  } catch (error) {
    if (statusOf(error) === status) return otherwise;
    throw error;
  }
}

/** What the official client does not retry: 449, which concurrent patches of one document return. */
export async function withConflictRetry<T>(operation: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await operation();
    } catch (error) {
      if (statusOf(error) !== 449 || attempt >= 12) throw error;
      await sleep(Math.random() * Math.min(2_000, 20 * 2 ** attempt));
    }
  }
}
