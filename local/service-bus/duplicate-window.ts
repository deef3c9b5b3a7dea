/** A message id seen within the window. */
export interface Sighting {
  readonly until: number;
  /** Settles with the first message's record; a duplicate may not be acknowledged before it. Undefined once stored. */
  stored: Promise<unknown> | undefined;
}

export interface DuplicateWindow {
  find(messageId: string): Sighting | undefined;
  remember(messageId: string, until: number): Sighting;
  forget(messageId: string): void;
  entries(): Iterable<[string, Sighting]>;
}

/** Remembers ids in order of arrival and drops what has left the window, so it holds one window's worth and no more. */
export function createDuplicateWindow(now: () => number): DuplicateWindow {
  const seen = new Map<string, Sighting>();

  function dropExpired(): void {
    const time = now();
    for (const [messageId, { until }] of seen) {
      if (until > time) return;
      seen.delete(messageId);
    }
  }

  return {
    find(messageId) {
      const sighting = seen.get(messageId);
      return sighting !== undefined && sighting.until > now() ? sighting : undefined;
    },
    remember(messageId, until) {
      dropExpired();
      const sighting: Sighting = { until, stored: undefined };
      seen.delete(messageId);
      seen.set(messageId, sighting);
      return sighting;
    },
    forget: (messageId) => void seen.delete(messageId),
    entries() {
      dropExpired();
      return seen.entries();
    },
  };
}
