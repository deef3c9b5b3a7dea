/**
 * What a client may count on, item by item: the state that was acknowledged last, and states asked for since without
 * an answer, which may have come about or not. An item with such a doubt is left alone until an audit has looked.
 *
 * Everything is in a file before it counts, synced, so that another process can audit from the file alone.
 */
import { type FileHandle, open, readFile } from 'node:fs/promises';

/** null: the item does not exist (never did, was deleted, completed, purged, cancelled). */
export type State = string | null;

export interface Finding {
  readonly item: string;
  readonly acknowledged: State;
  readonly inDoubt: readonly State[];
  readonly found: State;
}

export interface Ledger {
  readonly acknowledgements: number;
  items(): string[];
  state(item: string): State;
  inDoubt(item: string): boolean;
  /** The states in which an audit may find the item. */
  allowed(item: string): readonly State[];
  /** Writes down that `state` is asked for, runs the request, and writes down that it was acknowledged. */
  change(items: readonly string[], state: State, request: () => Promise<unknown>): Promise<void>;
  /** The same for items that only the answer names. */
  acknowledge(item: string, state: State): Promise<void>;
  /** Compares with what an audit found; what it found counts from here on. */
  audit(item: string, found: State): Promise<Finding | undefined>;
  close(): Promise<void>;
}

interface Line {
  readonly kind: 'try' | 'ok';
  readonly item: string;
  readonly state: State;
}

interface Known {
  sure: State;
  doubts: State[];
}

export async function openLedger(path: string): Promise<Ledger> {
  const known = new Map<string, Known>();
  let acknowledgements = 0;
  const apply = ({ kind, item, state }: Line): void => {
    const entry = known.get(item) ?? { sure: null, doubts: [] };
    known.set(item, entry);
    if (kind === 'try') entry.doubts.push(state);
    else {
      known.set(item, { sure: state, doubts: [] });
      acknowledgements += 1;
    }
  };
  for (const line of (await readText(path)).split('\n')) if (line !== '') apply(JSON.parse(line) as Line);
  const file = await open(path, 'a', 0o600);
  const append = createSyncedAppend(file);

  async function write(line: Line): Promise<void> {
    await append(`${JSON.stringify(line)}\n`);
    apply(line);
  }

  const allowed = (item: string): State[] => {
    const { sure, doubts } = known.get(item) ?? { sure: null, doubts: [] };
    return [sure, ...doubts];
  };

  return {
    get acknowledgements() {
      return acknowledgements;
    },
    items: () => [...known.keys()],
    state: (item) => known.get(item)?.sure ?? null,
    inDoubt: (item) => (known.get(item)?.doubts.length ?? 0) > 0,
    allowed,
    async change(items, state, request) {
      await Promise.all(items.map((item) => write({ kind: 'try', item, state })));
      await request();
      await Promise.all(items.map((item) => write({ kind: 'ok', item, state })));
    },
    acknowledge: (item, state) => write({ kind: 'ok', item, state }),
    async audit(item, found) {
      const [acknowledged = null, ...inDoubt] = allowed(item);
      if (found !== acknowledged && !inDoubt.includes(found)) return { item, acknowledged, inDoubt, found };
      if (inDoubt.length > 0) await write({ kind: 'ok', item, state: found });
      return undefined;
    },
    close: () => file.close(),
  };
}

/** Lines that wait together share one sync. */
function createSyncedAppend(file: FileHandle): (text: string) => Promise<void> {
  let waiting = '';
  let next: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();
  async function flush(): Promise<void> {
    const batch = waiting;
    waiting = '';
    next = undefined;
    await file.appendFile(batch);
    await file.datasync();
  }
  return (text) => {
    waiting += text;
    if (next === undefined) {
      next = last.then(flush);
      last = next;
    }
    return next;
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
