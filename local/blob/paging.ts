import { BlobError, invalidQuery, notImplemented } from './blob-error.ts';
import type { BlobRequest } from './blob-request.ts';

const MAX_RESULTS = 5000;

/** `maxresults`, at most 5,000, which is also the default. Throws 400. */
export function parseMaxResults(request: BlobRequest): number {
  const text = request.query.get('maxresults');
  if (text === undefined) return MAX_RESULTS;
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new BlobError(400, 'OutOfRangeQueryParameterValue', 'maxresults must be a number from 1.');
  }
  return Math.min(Number(text), MAX_RESULTS);
}

/** The values of `include`; 501 for one that is not in `offered`. */
export function parseInclude(request: BlobRequest, offered: readonly string[]): ReadonlySet<string> {
  const values = (request.query.get('include') ?? '').split(',').filter((value) => value !== '');
  for (const value of values) {
    if (!offered.includes(value)) throw notImplemented(`Listing with include=${value.replace(/\W/g, '?')}`);
  }
  return new Set(values);
}

/** Where the next page begins. Names hold no NUL, so it can part them. */
export interface Marker {
  readonly name: string;
  readonly versionId: string;
}

export function encodeMarker({ name, versionId }: Marker): string {
  return Buffer.from(`${name}\0${versionId}`).toString('base64url');
}

export function parseMarker(request: BlobRequest): Marker {
  const text = request.query.get('marker') ?? '';
  if (text === '') return { name: '', versionId: '' };
  const [name, versionId, ...more] = Buffer.from(text, 'base64url').toString().split('\0');
  if (name === undefined || versionId === undefined || more.length > 0) throw invalidQuery('marker');
  return { name, versionId };
}
