/**
 * The journal: one file per participation, replaced whole.
 *
 * 1. Memory changes only after the disk has: what `entries()` says would be found again after a crash.
 * 2. Writers go through one queue, and a change is made by the holder of the present entry only, so the inbox (which
 *    supersedes) and the worker (which advances) cannot undo each other.
 */
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plan } from '../shared/contracts/plan.ts';
import { syncDirectory, writeFileDurably } from './durable-file.ts';
import { type EntryState, entryFor, type JournalEntry, journalEntry } from './journal-entry.ts';
import type { Log } from './log.ts';

export interface Journal {
  /** In order of arrival. */
  entries(): JournalEntry[];
  get(participation: string): JournalEntry | undefined;
  /** Records a plan on disk; answers the entry that was there if the participation is known. */
  add(silo: string, plan: Plan): Promise<{ entry: JournalEntry; added: boolean }>;
  /** Moves `from` on; undefined when it is no longer the present entry. */
  move(from: JournalEntry, state: EntryState): Promise<JournalEntry | undefined>;
  remove(participation: string): Promise<void>;
}

export async function openJournal(directory: string, log: Log): Promise<Journal> {
  const known = new Map<string, JournalEntry>();
  for (const entry of await readEntries(directory, log)) known.set(entry.participation, entry);
  let sequence = Math.max(0, ...[...known.values()].map((entry) => entry.sequence));

  let last: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  }
  const fileOf = (participation: string): string => join(directory, `${participation}.json`);

  async function store(entry: JournalEntry): Promise<JournalEntry> {
    await writeFileDurably(fileOf(entry.participation), JSON.stringify(entry));
    known.set(entry.participation, entry);
    return entry;
  }

  return {
    entries: () => [...known.values()].sort((a, b) => a.sequence - b.sequence),
    get: (participation) => known.get(participation),
    add(silo, plan) {
      return inTurn(async () => {
        const entry = entryFor(silo, plan, sequence + 1);
        const present = known.get(entry.participation);
        if (present !== undefined) return { entry: present, added: false };
        await store(entry);
        sequence = entry.sequence;
        return { entry, added: true };
      });
    },
    move(from, state) {
      return inTurn(async () => {
        if (known.get(from.participation) !== from) return undefined;
        return store({ ...from, state });
      });
    },
    remove(participation) {
      return inTurn(async () => {
        await rm(fileOf(participation), { force: true });
        await syncDirectory(directory);
        known.delete(participation);
      });
    },
  };
}

async function readEntries(directory: string, log: Log): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (name.endsWith('.tmp')) await rm(path, { force: true });
    if (!name.endsWith('.json')) continue;
    const entry = parseEntry(await readFile(path, 'utf8'));
    if (entry !== undefined && `${entry.participation}.json` === name) {
      entries.push(entry);
      continue;
    }
    // Writes are atomic, so somebody else made this file. It is kept for a person to look at.
    await rename(path, `${path}.unreadable`);
    log('error', 'journal-entry-unreadable', { file: `${name}.unreadable` });
  }
  return entries;
}

function parseEntry(text: string): JournalEntry | undefined {
  try {
    return journalEntry.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
