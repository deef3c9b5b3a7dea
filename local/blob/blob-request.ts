import type { IncomingMessage } from 'node:http';
import { BlobError, invalidQuery } from './blob-error.ts';
import { assertBlobName } from './names.ts';

/** A request taken apart, before anything about it is decided. */
export interface BlobRequest {
  readonly method: string;
  readonly account: string;
  /** Empty for requests to the account. */
  readonly container: string;
  /** Decoded; empty for requests to the account or the container. */
  readonly blob: string;
  /** Decoded; names in lower case. */
  readonly query: ReadonlyMap<string, string>;
  /** @param name in lower case */
  header(name: string): string | undefined;
  readonly headerNames: readonly string[];
  /** `x-ms-meta-*` in the order and case sent, prefix removed. */
  readonly metadata: readonly (readonly [string, string])[];
  readonly remoteAddress: string;
}

const METADATA_PREFIX = 'x-ms-meta-';

/**
 * The path is split by hand: a URL parser would fold `..` and `%2e` segments, which are parts of blob names here.
 * Throws 400 on a path or a query that cannot be decoded.
 */
export function parseBlobRequest(message: IncomingMessage): BlobRequest {
  const target = message.url ?? '';
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  if (!path.startsWith('/')) throw invalidUri();
  const [account = '', container = '', ...rest] = path.slice(1).split('/').map(decode);
  // As Azure does; its clients count on it.
  const blob = rest.join('/').replaceAll('\\', '/');
  if (blob !== '') assertBlobName(blob);
  const { headers } = message;
  return {
    method: message.method ?? '',
    account,
    container,
    blob,
    query: parseQuery(mark < 0 ? '' : target.slice(mark + 1)),
    header(name) {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    headerNames: Object.keys(headers),
    metadata: readMetadata(message.rawHeaders),
    remoteAddress: (message.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
  };
}

function parseQuery(text: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals)).toLowerCase();
    // A parameter given twice could be read in one way by the signature and in another by the operation.
    if (query.has(name)) throw invalidQuery(printable(name));
    query.set(name, equals < 0 ? '' : decode(pair.slice(equals + 1).replaceAll('+', ' ')));
  }
  return query;
}

function readMetadata(rawHeaders: readonly string[]): [string, string][] {
  const metadata: [string, string][] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    if (name.toLowerCase().startsWith(METADATA_PREFIX))
      metadata.push([name.slice(METADATA_PREFIX.length), value]);
  }
  return metadata;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidUri();
  }
}

/** What a client chose, made fit for an error message. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 60);
}

function invalidUri(): BlobError {
  return new BlobError(400, 'InvalidUri', 'The requested URI does not represent any resource on the server.');
}
