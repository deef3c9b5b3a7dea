import { type ContainerState, firstAtOrAfter } from './container-state.ts';
import type { Version } from './model.ts';
import type { Marker } from './paging.ts';

export interface PageQuery {
  readonly prefix: string;
  /** Empty for a flat listing. */
  readonly delimiter: string;
  readonly from: Marker;
  readonly max: number;
  readonly versions: boolean;
}

export type PageRow =
  | { readonly kind: 'prefix'; readonly name: string }
  | { readonly kind: 'blob'; readonly name: string; readonly version: Version; readonly isCurrent: boolean };

export interface Page {
  readonly rows: readonly PageRow[];
  readonly next?: Marker;
}

/** No name holds this character, so it closes any range of names with one beginning. */
const AFTER_ALL = '\uffff';

/** One page of a listing, in the order of names, then of versions. Skips over the inside of a prefix without walking it. */
export function pageOf(state: ContainerState, query: PageQuery): Page {
  const { prefix, delimiter, from, max } = query;
  const names = state.sortedNames();
  const rows: PageRow[] = [];
  let index = firstAtOrAfter(names, from.name > prefix ? from.name : prefix);
  for (let name = names[index]; name?.startsWith(prefix); name = names[index]) {
    const visible = visibleVersions(state, name, query);
    const cut = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
    if (visible.length === 0) {
      index += 1;
    } else if (cut >= 0) {
      if (rows.length >= max) return { rows, next: { name, versionId: '' } };
      const group = name.slice(0, cut + delimiter.length);
      rows.push({ kind: 'prefix', name: group });
      index = firstAtOrAfter(names, group + AFTER_ALL);
    } else {
      for (const row of visible) {
        if (rows.length >= max) return { rows, next: { name, versionId: row.version.id } };
        rows.push({ kind: 'blob', name, ...row });
      }
      index += 1;
    }
  }
  return { rows };
}

function visibleVersions(
  state: ContainerState,
  name: string,
  { versions, from }: PageQuery,
): { version: Version; isCurrent: boolean }[] {
  const entry = state.get(name);
  const old = versions ? (entry?.previous ?? []) : [];
  const all = old.map((version) => ({ version, isCurrent: false }));
  if (entry?.current !== undefined) all.push({ version: entry.current, isCurrent: true });
  return name === from.name ? all.filter(({ version }) => version.id >= from.versionId) : all;
}
