import type { State } from '../ledger.ts';

const LANES = 8;

/** Looks at items eight at a time. */
export async function inParallel(
  items: readonly string[],
  look: (item: string) => Promise<State>,
): Promise<Map<string, State>> {
  const found = new Map<string, State>();
  const rest = items.values();
  async function lane(): Promise<void> {
    for (const item of rest) found.set(item, await look(item));
  }
  await Promise.all(Array.from({ length: LANES }, lane));
  return found;
}
