import { BlobError, invalidHeader } from './blob-error.ts';
import type { BlobRequest } from './blob-request.ts';
import type { ContainerState } from './container-state.ts';
import type { ContentHeaders, ImmutabilityPolicy } from './model.ts';

export const CONTENT_HEADERS: readonly string[] = [
  'x-ms-blob-content-type',
  'x-ms-blob-content-encoding',
  'x-ms-blob-content-language',
  'x-ms-blob-content-disposition',
  'x-ms-blob-cache-control',
  'x-ms-blob-content-md5',
];

export const PROTECTION_HEADERS: readonly string[] = [
  'x-ms-immutability-policy-until-date',
  'x-ms-immutability-policy-mode',
  'x-ms-legal-hold',
];

const DEFAULT_TYPE = 'application/octet-stream';

/** The content headers a client wants stored. @param bodyType content type of a body that is the blob itself */
export function parseContentHeaders(request: BlobRequest, bodyType?: string): ContentHeaders {
  const stored = (name: string): string | undefined => {
    const value = request.header(name);
    if (value !== undefined && !/^[\x20-\x7e]*$/.test(value)) throw invalidHeader(name);
    return value === '' ? undefined : value;
  };
  const encoding = stored('x-ms-blob-content-encoding');
  const language = stored('x-ms-blob-content-language');
  const disposition = stored('x-ms-blob-content-disposition');
  const cacheControl = stored('x-ms-blob-cache-control');
  const md5 = stored('x-ms-blob-content-md5');
  if (md5 !== undefined && decodeMd5(md5) === undefined) throw invalidHeader('x-ms-blob-content-md5');
  return {
    'content-type': stored('x-ms-blob-content-type') ?? bodyType ?? DEFAULT_TYPE,
    ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
    ...(language === undefined ? {} : { 'content-language': language }),
    ...(disposition === undefined ? {} : { 'content-disposition': disposition }),
    ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }),
    ...(md5 === undefined ? {} : { 'content-md5': md5 }),
  };
}

/** Protection that a blob is born with. */
export function parseProtection(
  request: BlobRequest,
  state: ContainerState,
  now: number,
): { policy?: ImmutabilityPolicy; legalHold?: true } {
  const policy = parsePolicy(request, now);
  const hold = parseLegalHold(request);
  if (policy !== undefined || hold === true) requireVersioning(state);
  return { ...(policy === undefined ? {} : { policy }), ...(hold === true ? { legalHold: true } : {}) };
}

/** Undefined without the headers; 400 when the date is not in the future. Policies are unlocked unless they say so. */
export function parsePolicy(request: BlobRequest, now: number): ImmutabilityPolicy | undefined {
  const date = request.header('x-ms-immutability-policy-until-date');
  const mode = request.header('x-ms-immutability-policy-mode')?.toLowerCase();
  if (date === undefined) {
    if (mode !== undefined) throw invalidHeader('x-ms-immutability-policy-mode');
    return undefined;
  }
  const until = Date.parse(date);
  if (Number.isNaN(until) || until <= now) throw invalidHeader('x-ms-immutability-policy-until-date');
  if (mode !== undefined && mode !== 'locked' && mode !== 'unlocked') {
    throw invalidHeader('x-ms-immutability-policy-mode');
  }
  return { until, locked: mode === 'locked' };
}

export function parseLegalHold(request: BlobRequest): boolean | undefined {
  const value = request.header('x-ms-legal-hold')?.toLowerCase();
  if (value === undefined) return undefined;
  if (value !== 'true' && value !== 'false') throw invalidHeader('x-ms-legal-hold');
  return value === 'true';
}

/** As in Azure, protection of single versions needs versions. */
export function requireVersioning(state: ContainerState): void {
  if (state.container.versioning) return;
  throw new BlobError(
    409,
    'ImmutabilityPolicyNotEnabled',
    'Version-level immutability needs a container with versioning.',
  );
}

/** The 16 bytes of a base64 MD5, or undefined. */
export function decodeMd5(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 16 && bytes.toString('base64') === text ? bytes : undefined;
}
