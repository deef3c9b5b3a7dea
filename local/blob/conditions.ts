import { blobAlreadyExists, conditionNotMet, invalidHeader } from './blob-error.ts';
import type { BlobRequest } from './blob-request.ts';
import type { Version } from './model.ts';

export const CONDITION_HEADERS: readonly string[] = [
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
];

/** Throws 304 or 412 when a read's conditions do not hold for the version. */
export function checkReadConditions(request: BlobRequest, version: Version): void {
  const conditions = parseConditions(request);
  const { match, noneMatch } = conditions;
  if (match !== undefined && match !== '*' && match !== version.etag) throw conditionNotMet(412);
  if (isModifiedAfter(version, conditions.unmodifiedSince)) throw conditionNotMet(412);
  if (noneMatch === '*' || noneMatch === version.etag) throw conditionNotMet(304);
  // As HTTP has it, If-None-Match overrules If-Modified-Since.
  if (noneMatch === undefined && isUnchanged(version, conditions.modifiedSince)) throw conditionNotMet(304);
}

/** Throws 409 BlobAlreadyExists for `If-None-Match: *` and 412 otherwise when a write's conditions do not hold. */
export function checkWriteConditions(request: BlobRequest, current: Version | undefined): void {
  const { match, noneMatch, modifiedSince, unmodifiedSince } = parseConditions(request);
  if (current === undefined) {
    if (match !== undefined) throw conditionNotMet(412);
    return;
  }
  if (noneMatch === '*') throw blobAlreadyExists();
  if (noneMatch === current.etag) throw conditionNotMet(412);
  if (match !== undefined && match !== '*' && match !== current.etag) throw conditionNotMet(412);
  if (isUnchanged(current, modifiedSince)) throw conditionNotMet(412);
  if (isModifiedAfter(current, unmodifiedSince)) throw conditionNotMet(412);
}

/** Asks that the blob be created, never overwritten. */
export function isCreateOnly(request: BlobRequest): boolean {
  return request.header('if-none-match')?.trim() === '*';
}

interface Conditions {
  readonly match: string | undefined;
  readonly noneMatch: string | undefined;
  /** Epoch milliseconds. */
  readonly modifiedSince: number | undefined;
  readonly unmodifiedSince: number | undefined;
}

function parseConditions(request: BlobRequest): Conditions {
  return {
    match: parseEtag(request, 'if-match'),
    noneMatch: parseEtag(request, 'if-none-match'),
    modifiedSince: parseDate(request, 'if-modified-since'),
    unmodifiedSince: parseDate(request, 'if-unmodified-since'),
  };
}

function parseEtag(request: BlobRequest, name: string): string | undefined {
  const value = request.header(name)?.trim();
  if (value === undefined || value === '*') return value;
  // The service takes one ETag, with or without quotes. A list would pass or fail by accident.
  if (!/^"?[\w-]+"?$/.test(value)) throw invalidHeader(name);
  return `"${value.replaceAll('"', '')}"`;
}

function parseDate(request: BlobRequest, name: string): number | undefined {
  const value = request.header(name);
  if (value === undefined) return undefined;
  const time = Date.parse(value);
  if (Number.isNaN(time)) throw invalidHeader(name);
  return time;
}

/** Whole seconds, because that is what clients were told. */
function wireTime(version: Version): number {
  return Math.floor(version.modified / 1000) * 1000;
}

function isUnchanged(version: Version, since: number | undefined): boolean {
  return since !== undefined && wireTime(version) <= since;
}

function isModifiedAfter(version: Version, since: number | undefined): boolean {
  return since !== undefined && wireTime(version) > since;
}
