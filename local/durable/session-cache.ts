/**
 * Orchestrators that wait in memory, by generation. Invariant: a session is taken out for a turn and put back only
 * after its commit; whatever goes wrong between leaves none behind, and the next turn replays.
 */
import type { OrchestratorSession } from './orchestrator-protocol.ts';

export interface SessionLimits {
  /** 0 keeps none, so that every episode replays. */
  readonly count: number;
  /** Characters of history behind the kept sessions: what they hold grows with it. */
  readonly characters: number;
}

export interface SessionCache {
  take(executionId: string): OrchestratorSession | undefined;
  /** `characters`: how much the history has grown by. The least recently used sessions make room. */
  keep(executionId: string, session: OrchestratorSession, characters: number): void;
  drop(executionId: string): void;
}

interface Entry {
  session: OrchestratorSession | undefined;
  characters: number;
}

export function sessionCache(limits: SessionLimits): SessionCache {
  const entries = new Map<string, Entry>();
  let characters = 0;

  function drop(executionId: string): void {
    characters -= entries.get(executionId)?.characters ?? 0;
    entries.delete(executionId);
  }

  return {
    take(executionId) {
      const entry = entries.get(executionId);
      const session = entry?.session;
      if (entry) entry.session = undefined;
      return session;
    },
    keep(executionId, session, grown) {
      const size = (entries.get(executionId)?.characters ?? 0) + grown;
      drop(executionId);
      entries.set(executionId, { session, characters: size }); // last, as the most recently used
      characters += size;
      for (const oldest of entries.keys()) {
        if (entries.size <= limits.count && characters <= limits.characters) return;
        drop(oldest);
      }
    },
    drop,
  };
}
