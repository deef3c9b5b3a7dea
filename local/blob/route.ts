/**
 * Finds the operation a request means and refuses what it does not fully understand: a header or parameter that is
 * silently ignored is a promise silently broken.
 */
import { BlobError, invalidHeader, invalidQuery, notImplemented } from './blob-error.ts';
import { type BlobRequest, printable } from './blob-request.ts';
import { CONDITION_HEADERS } from './conditions.ts';
import type { Operation } from './operation.ts';
import { OPERATIONS } from './operations.ts';
import { SAS_PARAMETERS } from './sas.ts';
import { UNSUPPORTED_COMPS, UNSUPPORTED_HEADERS, UNSUPPORTED_QUERY } from './unsupported.ts';

const COMMON_HEADERS = [
  'x-ms-version',
  'x-ms-client-request-id',
  'x-ms-return-client-request-id',
  'x-ms-date',
];
const COMMON_QUERY = ['comp', 'restype', 'timeout'];
const OLDEST_VERSION = '2019-12-12';
export const NEWEST_VERSION = '2026-04-06';

/** Throws 501 for what Azure has and this service has not, 400 or 405 for what neither has. */
export function route(request: BlobRequest): Operation {
  const operation = findOperation(request);
  if (operation === undefined) throw unknownOperation(request);
  checkQuery(request, operation);
  checkHeaders(request, operation);
  checkVersion(request);
  return operation;
}

export function findOperation(request: BlobRequest): Operation | undefined {
  const level = levelOf(request);
  const comp = request.query.get('comp')?.toLowerCase();
  const restype = request.query.get('restype')?.toLowerCase();
  return OPERATIONS.find(
    (operation) =>
      operation.level === level &&
      operation.comp === comp &&
      operation.restype === restype &&
      operation.methods.includes(request.method),
  );
}

function levelOf({ container, blob }: BlobRequest): Operation['level'] {
  if (blob !== '') return 'blob';
  return container === '' ? 'service' : 'container';
}

function unknownOperation(request: BlobRequest): BlobError {
  const level = levelOf(request);
  const comp = request.query.get('comp')?.toLowerCase() ?? '';
  const unsupported = UNSUPPORTED_COMPS[level];
  if (unsupported !== undefined && Object.hasOwn(unsupported, comp))
    return notImplemented(unsupported[comp] ?? comp);
  const known = OPERATIONS.filter(
    (operation) => operation.level === level && (operation.comp ?? '') === comp,
  );
  if (known.length === 0) return invalidQuery('comp');
  const methods = known.flatMap((operation) => operation.methods);
  if (methods.includes(request.method)) return invalidQuery('restype');
  return new BlobError(405, 'UnsupportedHttpVerb', 'The resource does not support the specified HTTP verb.', {
    allow: methods.join(', '),
  });
}

function checkQuery(request: BlobRequest, operation: Operation): void {
  const link = request.query.has('sig') ? SAS_PARAMETERS : [];
  for (const name of request.query.keys()) {
    if (COMMON_QUERY.includes(name) || operation.query?.includes(name) || link.includes(name)) continue;
    if (Object.hasOwn(UNSUPPORTED_QUERY, name))
      throw notImplemented(`${UNSUPPORTED_QUERY[name]} in ${operation.name}`);
    throw new BlobError(
      400,
      'UnsupportedQueryParameter',
      `The query parameter '${printable(name)}' is not supported by ${operation.name}.`,
    );
  }
}

function checkHeaders(request: BlobRequest, operation: Operation): void {
  for (const name of request.headerNames) {
    if (CONDITION_HEADERS.includes(name) && !operation.conditions?.includes(name))
      throw unsupported(name, operation);
    if (!name.startsWith('x-ms-') || COMMON_HEADERS.includes(name)) continue;
    if (operation.headers?.includes(name)) continue;
    if (name.startsWith('x-ms-meta-') && operation.metadata === true) continue;
    const feature = UNSUPPORTED_HEADERS.find(([beginning]) => name.startsWith(beginning));
    if (feature !== undefined) throw notImplemented(`${feature[1]} (header ${name})`);
    throw unsupported(name, operation);
  }
}

function unsupported(header: string, operation: Operation): BlobError {
  return new BlobError(
    400,
    'UnsupportedHeader',
    `The HTTP header ${printable(header)} is not supported by ${operation.name}.`,
  );
}

/** A link says by `sv` what it was made for, so a plain HTTP client can use it; a token needs the header. */
function checkVersion(request: BlobRequest): void {
  const version = request.header('x-ms-version');
  if (version === undefined) {
    if (request.query.has('sig')) return;
    throw new BlobError(
      400,
      'MissingRequiredHeader',
      'An HTTP header that is mandatory is not specified: x-ms-version.',
    );
  }
  const isKnown = /^\d{4}-\d\d-\d\d$/.test(version) && version >= OLDEST_VERSION && version <= NEWEST_VERSION;
  if (!isKnown) throw invalidHeader('x-ms-version');
}
