/**
 * Lets writers that wait at the same moment share one sync. A caller is served only by a sync that starts after its
 * call: one under way may have passed its write already.
 */
export function shareSync(sync: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  return () => {
    next ??= (running ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        running = sync();
        return running;
      });
    return next;
  };
}
