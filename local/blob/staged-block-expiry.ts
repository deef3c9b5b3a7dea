import type { Catalog } from './catalog.ts';

const STAGED_LIFETIME_MS = 7 * 24 * 3600_000;

/** Drops the uncommitted blocks of blobs that got no block for a week. Gives the number of blobs. */
export async function expireStagedBlocks(catalog: Catalog, now: number): Promise<number> {
  const before = now - STAGED_LIFETIME_MS;
  let expired = 0;
  for (const state of catalog.allContainers()) {
    const { account, name: container } = state.container;
    const due = [...state.entries()].filter(([, entry]) => entry.staged.size > 0 && entry.stagedAt <= before);
    for (const [blob] of due) {
      await catalog.exclusively(account, container, blob, async () => {
        const entry = state.get(blob);
        if (entry === undefined || entry.staged.size === 0 || entry.stagedAt > before) return;
        await catalog.commit({ kind: 'unstage', account, container, blob });
        expired += 1;
      });
    }
  }
  return expired;
}
