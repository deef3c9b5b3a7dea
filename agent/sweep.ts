/** Removes what no journal entry needs any more. Safe at any time, beside a running task: that task has an entry. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Journal } from './journal.ts';
import { isUnfinished, type JournalEntry } from './journal-entry.ts';
import { dropResult } from './kept-result.ts';
import { trainingKey } from './training-key.ts';
import type { WorkDirectory } from './work-directory.ts';

export async function sweep(work: WorkDirectory, journal: Journal): Promise<void> {
  const entries = journal.entries();
  const sealed = new Set(entries.filter(needsSealedBytes).map((entry) => `${entry.participation}.flse`));
  const tasks = new Set(entries.map((entry) => entry.participation));
  const keys = new Set(entries.map((entry) => trainingKey(entry.plan)));
  const models = new Set(
    entries.filter(isUnfinished).flatMap(({ plan }) => (plan.base === null ? [] : [plan.base.sha256])),
  );
  await removeUnless(work.sealed, (name) => sealed.has(name.replace(/\.tmp$/, '')));
  await removeUnless(work.tasks, (name) => tasks.has(name));
  await removeUnless(work.models, (name) => models.has(name.split('.', 1)[0] ?? ''));
  for (const key of await readdir(work.updates)) {
    if (!keys.has(key)) await dropResult(work.updates, key);
  }
}

/** How long a finished task whose experiment never said that it had ended is remembered. */
const REMEMBERED_MS = 30 * 24 * 3_600_000;

/** Forgets finished tasks of experiments that fell silent long ago; `now` in epoch milliseconds. */
export async function forgetLongPast(journal: Journal, now: number): Promise<void> {
  for (const entry of journal.entries()) {
    const longPast = now - Date.parse(entry.plan.deadline) > REMEMBERED_MS;
    if (longPast && !isUnfinished(entry)) await journal.remove(entry.participation);
  }
}

/** Sealed bytes are kept until the coordinator has said what became of them. */
function needsSealedBytes(entry: JournalEntry): boolean {
  return isUnfinished(entry) || (entry.state.step === 'replied' && entry.state.reply.kind === 'submitted');
}

async function removeUnless(directory: string, wanted: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!wanted(name)) await rm(join(directory, name), { recursive: true, force: true });
  }
}
