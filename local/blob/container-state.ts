import type { BlobEntry, Container } from './model.ts';

/** The blobs of one container, with their names kept in order for listing. */
export interface ContainerState {
  readonly container: Container;
  get(blob: string): BlobEntry | undefined;
  getOrAdd(blob: string): BlobEntry;
  /** Forgets a blob that has no version and no staged block. */
  prune(blob: string): void;
  /** All names in code unit order. Do not change the array. */
  sortedNames(): readonly string[];
  entries(): Iterable<[string, BlobEntry]>;
}

export function createContainerState(container: Container): ContainerState {
  const blobs = new Map<string, BlobEntry>();
  let sorted: string[] | undefined;
  return {
    container,
    get: (blob) => blobs.get(blob),
    getOrAdd(blob) {
      let entry = blobs.get(blob);
      if (entry === undefined) {
        entry = { current: undefined, previous: [], staged: new Map(), stagedAt: 0 };
        blobs.set(blob, entry);
        sorted = undefined;
      }
      return entry;
    },
    prune(blob) {
      const entry = blobs.get(blob);
      if (entry === undefined) return;
      if (entry.current !== undefined || entry.previous.length > 0 || entry.staged.size > 0) return;
      blobs.delete(blob);
      sorted = undefined;
    },
    sortedNames() {
      sorted ??= [...blobs.keys()].sort(byCodeUnit);
      return sorted;
    },
    entries: () => blobs.entries(),
  };
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Index of the first name that is not before `name`. */
export function firstAtOrAfter(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const candidate = names[middle];
    if (candidate !== undefined && candidate < name) low = middle + 1;
    else high = middle;
  }
  return low;
}
