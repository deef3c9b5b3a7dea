/**
 * How many columns make a block. Longer blocks mean fewer and larger reads; where all updates of a block are in memory
 * at once, memory sets the bound.
 */
import { holdsAllUpdates, type Task } from './fold-task.ts';

/** 1 MiB of ciphertext per update and block. */
const MOST_COLUMNS = 2;
/** A segment of an encoded update holds several columns: more of them per block, so that fewer segments are read twice. */
const MOST_ENCODED_COLUMNS = 16;
/** Slots of one column each, over all updates held: 8 MiB per worker. */
const HELD_SLOTS = 32;

export function blockColumns(task: Task, updates: number, encoded: boolean): number {
  const most = encoded ? MOST_ENCODED_COLUMNS : MOST_COLUMNS;
  if (!holdsAllUpdates(task)) return most;
  return Math.max(1, Math.min(most, Math.floor(HELD_SLOTS / Math.max(1, updates))));
}

/**
 * Most updates whose place relative to the step is measured where the combination itself would not hold them in
 * memory. With more, evidence has norms and shares only.
 */
export const EVIDENCE_UPDATES = 32;
