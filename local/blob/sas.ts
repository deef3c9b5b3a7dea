/**
 * User delegation SAS: a link to one blob (`sr=b`) or one version of it (`sr=bv`), signed by an identity with its
 * user delegation key.
 *
 * 1. The signature covers every parameter that widens or narrows the link; a parameter it does not cover is refused.
 * 2. Rights are those of the link and those of the delegator, both, at the time of the request.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { DataAction } from '../../shared/domain/access.ts';
import type { Principal } from '../core/principal.ts';
import { authenticationFailed, BlobError, notImplemented } from './blob-error.ts';
import type { BlobRequest } from './blob-request.ts';
import type { Authentication, Caller } from './caller.ts';
import { isGranted } from './granted.ts';
import { addressIsWithin } from './ip-range.ts';

export const SAS_PARAMETERS: readonly string[] =
  'sv sr sp st se sip spr sig scid skoid sktid skt ske sks skv rscc rscd rsce rscl rsct'.split(' ');
/** Parts of Azure's links that narrow or widen them in ways not offered here. */
const UNSUPPORTED = ['si', 'ses', 'saoid', 'suoid', 'skdutid', 'sduoid', 'srh', 'srq', 'sdd', 'ss', 'srt'];
const FIRST_VERSION = '2025-07-05';
const HEADER_BOUND_VERSION = '2026-04-06';

export function verifySas(request: BlobRequest, by: Authentication): Caller {
  for (const name of UNSUPPORTED) {
    if (request.query.has(name)) throw notImplemented(`A shared access signature with '${name}'`);
  }
  const field = (name: string): string => request.query.get(name) ?? '';
  const resource = field('sr');
  if (resource === 'c') throw notImplemented('A shared access signature for a container');
  if (resource !== 'b' && resource !== 'bv') throw authenticationFailed();
  if (request.container === '' || request.blob === '') throw authenticationFailed();
  // A link to the blob is not one to the versions before it.
  if ((resource === 'bv') !== request.query.has('versionid')) throw authenticationFailed();
  const version = field('sv');
  if (!/^\d{4}-\d\d-\d\d$/.test(version) || version < FIRST_VERSION || version > HEADER_BOUND_VERSION) {
    throw new BlobError(
      403,
      'AuthenticationFailed',
      `Signatures of versions ${FIRST_VERSION} to ${HEADER_BOUND_VERSION} are accepted.`,
    );
  }
  for (const name of SAS_PARAMETERS) if (!/^[\x20-\x7e]*$/.test(field(name))) throw authenticationFailed();

  const key = by.keys.derive(request.account, {
    objectId: field('skoid'),
    tenantId: field('sktid'),
    start: field('skt'),
    expiry: field('ske'),
    service: field('sks'),
    version: field('skv'),
  });
  const expected = createHmac('sha256', key).update(stringToSign(request, field)).digest();
  const given = Buffer.from(field('sig'), 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw authenticationFailed();

  const now = by.now();
  if (field('sks') !== 'b' || !isWithin(now, field('skt'), field('ske'))) throw authenticationFailed();
  if (!isWithin(now, field('st'), field('se'))) throw authenticationFailed();
  if (field('spr') !== '' && field('spr') !== 'https' && field('spr') !== 'https,http')
    throw authenticationFailed();
  if (field('sip') !== '' && !addressIsWithin(request.remoteAddress, field('sip'))) {
    throw new BlobError(
      403,
      'AuthorizationSourceIPMismatch',
      'This request is not authorized to perform this operation using this source IP.',
    );
  }
  const delegator: Principal = {
    objectId: field('skoid'),
    clientId: '',
    tenantId: field('sktid'),
    name: `link of ${field('skoid')}`,
    roles: [],
    expiresAt: Date.parse(field('se')),
  };
  const permissions = new Set(field('sp'));
  return {
    principal: delegator,
    credential: 'link',
    may: (action, scope) =>
      linkAllows(permissions, action) && isGranted(by.authorize, delegator, action, scope),
  };
}

/** A link without an end would be one for ever; a link without a start is valid at once. */
function isWithin(now: number, start: string, end: string): boolean {
  const until = Date.parse(end);
  if (Number.isNaN(until) || now >= until) return false;
  if (start === '') return true;
  const from = Date.parse(start);
  return !Number.isNaN(from) && now >= from;
}

/** The permissions of a link that carry each right. What is not here no link carries. */
const CARRIED: Partial<Record<DataAction, readonly string[]>> = {
  'blob/read': ['r'],
  'blob/create': ['c', 'w'],
  'blob/write': ['w'],
  'blob/delete': ['d'],
};

function linkAllows(permissions: ReadonlySet<string>, action: DataAction): boolean {
  return CARRIED[action]?.some((permission) => permissions.has(permission)) ?? false;
}

function stringToSign(request: BlobRequest, field: (name: string) => string): string {
  const { account, container, blob } = request;
  const lines = [field('sp'), field('st'), field('se'), `/blob/${account}/${container}/${blob}`];
  for (const name of ['skoid', 'sktid', 'skt', 'ske', 'sks', 'skv']) lines.push(field(name));
  // saoid, suoid | scid | skdutid, sduoid: what is not offered signs as empty.
  lines.push('', '', field('scid'), '', '');
  lines.push(field('sip'), field('spr'), field('sv'), field('sr'), request.query.get('versionid') ?? '', '');
  if (field('sv') >= HEADER_BOUND_VERSION) lines.push('', '');
  for (const name of ['rscc', 'rscd', 'rsce', 'rscl', 'rsct']) lines.push(field(name));
  return lines.join('\n');
}
