import type { BlobRecord } from './catalog-record.ts';
import type { ContainerState } from './container-state.ts';
import type { ExtentStore } from './extent-store.ts';
import { inlineContent } from './inline-extent.ts';
import type { BlobEntry, Block, Version } from './model.ts';

type Holder = Pick<ExtentStore, 'hold' | 'release'>;

/** Takes one change of a blob into the state. New content is held before the old is released: they may share extents. */
export function applyBlobRecord(state: ContainerState, record: BlobRecord, extents: Holder): void {
  const entry = state.getOrAdd(record.blob);
  switch (record.kind) {
    case 'put':
      put(entry, record.version, state.container.versioning, extents);
      if (record.keepStaged !== true) unstage(entry, extents);
      break;
    case 'revise':
      if (entry.current?.id === record.version.id) entry.current = record.version;
      entry.previous = entry.previous.map((old) => (old.id === record.version.id ? record.version : old));
      break;
    case 'delete':
      if (entry.current?.id === record.id) retire(entry, state.container.versioning, extents);
      break;
    case 'delete-version': {
      const gone = entry.previous.find((version) => version.id === record.id);
      if (gone === undefined) break;
      entry.previous = entry.previous.filter((version) => version !== gone);
      extents.release(extentsOf(gone.blocks));
      break;
    }
    case 'stage':
      stage(entry, record.block, record.at, extents);
      break;
    case 'unstage':
      unstage(entry, extents);
      break;
    case 'blob':
      restore(entry, record, extents);
      break;
  }
  state.prune(record.blob);
}

function put(entry: BlobEntry, version: Version, versioning: boolean, extents: Holder): void {
  if (entry.current?.id === version.id) return;
  extents.hold(extentsOf(version.blocks));
  retire(entry, versioning, extents);
  entry.current = version;
}

function retire(entry: BlobEntry, versioning: boolean, extents: Holder): void {
  if (entry.current === undefined) return;
  if (versioning) entry.previous.push(entry.current);
  else extents.release(extentsOf(entry.current.blocks));
  entry.current = undefined;
}

function stage(entry: BlobEntry, block: Block, at: number, extents: Holder): void {
  const before = entry.staged.get(block.id);
  if (before?.extent !== block.extent) extents.hold(extentsOf([block]));
  if (before !== undefined && before.extent !== block.extent) extents.release(extentsOf([before]));
  entry.staged.set(block.id, block);
  entry.stagedAt = at;
}

function unstage(entry: BlobEntry, extents: Holder): void {
  extents.release(extentsOf(entry.staged.values()));
  entry.staged.clear();
}

function restore(entry: BlobEntry, record: Extract<BlobRecord, { kind: 'blob' }>, extents: Holder): void {
  const versions = record.current === undefined ? record.previous : [...record.previous, record.current];
  for (const version of versions) extents.hold(extentsOf(version.blocks));
  extents.hold(extentsOf(record.staged));
  entry.current = record.current;
  entry.previous = [...record.previous];
  entry.staged = new Map(record.staged.map((block) => [block.id, block]));
  entry.stagedAt = record.stagedAt;
}

/** The files of the blocks: an empty block has none, nor has a small one. */
export function* extentsOf(blocks: Iterable<Block>): Generator<string> {
  for (const { extent, length } of blocks) {
    if (length > 0 && inlineContent(extent) === undefined) yield extent;
  }
}
