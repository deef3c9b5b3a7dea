import { badParameter } from './vault-error.ts';

const PAGE_SIZE = 25;

/**
 * One page of a list. The next page is asked for by the id of the last entry, so that entries that come or go between
 * two pages make none of the others be skipped or repeated.
 */
export function listPage<T>(
  entries: readonly T[],
  idOf: (entry: T) => string,
  show: (entry: T) => object,
  url: URL,
): object {
  const size = Number(url.searchParams.get('maxresults') ?? PAGE_SIZE);
  if (!Number.isInteger(size) || size < 1 || size > PAGE_SIZE) {
    throw badParameter(`maxresults must be between 1 and ${PAGE_SIZE}`);
  }
  const after = url.searchParams.get('$skiptoken');
  const rest = after === null ? entries : entries.filter((entry) => idOf(entry) > after);
  const shown = rest.slice(0, size);
  const last = shown.at(-1);
  if (last === undefined || shown.length === rest.length) return { value: shown.map(show), nextLink: null };
  const next = new URL(url);
  next.searchParams.set('$skiptoken', idOf(last));
  return { value: shown.map(show), nextLink: next.href };
}
