/**
 * What exists: accounts, containers, blobs, versions, staged blocks. In memory, rebuilt from the append log.
 *
 * 1. A change is visible only after it is on disk: `commit` appends first and applies then. So no reader ever sees
 *    what a crash could take back.
 * 2. Changes of one blob are made under its lock (`exclusively`), so a condition checked there still holds at commit.
 */
import { openAppendLog } from '../core/append-log.ts';
import type { LogCrash } from '../core/log-crash.ts';
import { applyBlobRecord } from './apply-record.ts';
import { type CatalogRecord, decodeRecord, encodeRecord } from './catalog-record.ts';
import { type ContainerState, createContainerState } from './container-state.ts';
import type { ExtentStore } from './extent-store.ts';
import { createKeyedLock } from './keyed-lock.ts';
import { createVersionClock } from './version-clock.ts';

export interface Catalog {
  container(account: string, name: string): ContainerState | undefined;
  /** Of one account, by name. */
  containers(account: string): ContainerState[];
  allContainers(): ContainerState[];
  exclusively<T>(account: string, container: string, blob: string, task: () => Promise<T>): Promise<T>;
  /** Resolves when the change is on disk and in the state. */
  commit(record: CatalogRecord): Promise<void>;
  /** A number that no write had before. @param now epoch milliseconds */
  nextTick(now: number): number;
  close(): Promise<void>;
}

export async function openCatalog(
  directory: string,
  extents: Pick<ExtentStore, 'hold' | 'release'>,
  compactAbove?: number,
  crash: { readonly crash?: LogCrash } = {},
): Promise<Catalog> {
  const containers = new Map<string, ContainerState>();
  const clock = createVersionClock();
  const locks = createKeyedLock();

  function apply(record: CatalogRecord): void {
    if (record.kind === 'clock') {
      clock.atLeast(record.tick);
      return;
    }
    if (record.kind === 'container') {
      const key = keyOf(record.value.account, record.value.name);
      if (!containers.has(key)) containers.set(key, createContainerState(record.value));
      return;
    }
    if (record.kind === 'put' || record.kind === 'revise') clock.atLeast(record.tick);
    const state = containers.get(keyOf(record.account, record.container));
    if (state === undefined) throw new Error('the catalog log names a container that it never created');
    applyBlobRecord(state, record, extents);
  }

  const log = await openAppendLog({
    directory,
    name: 'catalog',
    replay: (bytes) => apply(decodeRecord(bytes)),
    snapshot: function* () {
      yield encodeRecord({ kind: 'clock', tick: clock.last });
      for (const state of containers.values()) yield* snapshotOf(state);
    },
    ...(compactAbove === undefined ? {} : { compactAbove }),
    ...crash,
  });

  return {
    container: (account, name) => containers.get(keyOf(account, name)),
    containers: (account) =>
      [...containers.values()]
        .filter(({ container }) => container.account === account)
        .sort((a, b) => (a.container.name < b.container.name ? -1 : 1)),
    allContainers: () => [...containers.values()],
    exclusively: (account, container, blob, task) => locks.run(`${keyOf(account, container)}/${blob}`, task),
    async commit(record) {
      await log.append(encodeRecord(record));
      apply(record);
    },
    nextTick: (now) => clock.next(now),
    close: () => log.close(),
  };
}

function* snapshotOf(state: ContainerState): Generator<Buffer> {
  const { account, name } = state.container;
  yield encodeRecord({ kind: 'container', value: state.container });
  for (const [blob, entry] of state.entries()) {
    yield encodeRecord({
      kind: 'blob',
      account,
      container: name,
      blob,
      ...(entry.current === undefined ? {} : { current: entry.current }),
      previous: entry.previous,
      staged: [...entry.staged.values()],
      stagedAt: entry.stagedAt,
    });
  }
}

function keyOf(account: string, container: string): string {
  return `${account}/${container}`;
}
