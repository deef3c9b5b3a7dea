import { requireOnAccount } from './access.ts';
import { BlobError, notImplemented } from './blob-error.ts';
import type { OperationContext, Reply } from './operation.ts';
import { receiveText } from './receive-body.ts';
import { readFlatXml, textElement, xmlDocument } from './xml.ts';

const MAX_BODY_BYTES = 4096;
const MAX_LIFETIME_MS = 7 * 24 * 3600_000;

/** Get User Delegation Key: a key with which the caller signs links that carry at most its own rights. */
export async function getUserDelegationKey(context: OperationContext): Promise<Reply> {
  const { request, caller, keys } = context;
  requireOnAccount(context, 'blob/delegate');
  const info = new Map(
    readFlatXml(await receiveText(context, MAX_BODY_BYTES), 'KeyInfo').map(({ name, text }) => [name, text]),
  );
  if (info.has('DelegatedUserTid')) throw notImplemented('A delegation key for one user');
  const now = context.now();
  const start = parseTime(info.get('Start') ?? new Date(now).toISOString());
  const expiry = parseTime(info.get('Expiry') ?? '');
  if (expiry <= start || expiry <= now || expiry > now + MAX_LIFETIME_MS) throw invalidTime();
  const fields = {
    objectId: caller.principal.objectId,
    tenantId: caller.principal.tenantId,
    start: wireTime(start),
    expiry: wireTime(expiry),
    service: 'b',
    version: request.header('x-ms-version') ?? '',
  };
  const content = [
    textElement('SignedOid', fields.objectId),
    textElement('SignedTid', fields.tenantId),
    textElement('SignedStart', fields.start),
    textElement('SignedExpiry', fields.expiry),
    textElement('SignedService', fields.service),
    textElement('SignedVersion', fields.version),
    textElement('Value', keys.derive(request.account, fields).toString('base64')),
  ];
  return { status: 200, body: xmlDocument('UserDelegationKey', content.join('')) };
}

/** The form that clients put into their links, to the second. */
function wireTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

function parseTime(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw invalidTime();
  return time;
}

function invalidTime(): BlobError {
  return new BlobError(
    400,
    'InvalidXmlNodeValue',
    'Start and Expiry must be times, in this order, and Expiry at most seven days ahead.',
  );
}
