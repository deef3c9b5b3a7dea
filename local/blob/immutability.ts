/** Write-once protection of single versions: a policy with an end, or a legal hold without one. */
import { requireContainer } from './access.ts';
import { BlobError } from './blob-error.ts';
import { reviseVersion, withBlob } from './commit-version.ts';
import { checkWriteConditions } from './conditions.ts';
import { findVersion } from './find-version.ts';
import type { ImmutabilityPolicy, Version } from './model.ts';
import type { OperationContext, Reply } from './operation.ts';
import { protectionHeaders } from './read-headers.ts';
import { parseLegalHold, parsePolicy, requireVersioning } from './write-headers.ts';

/** Set Blob Immutability Policy. A locked policy can only be extended; 409 otherwise. */
export async function setImmutabilityPolicy(context: OperationContext): Promise<Reply> {
  const policy = parsePolicy(context.request, context.now());
  if (policy === undefined) throw missingHeader('x-ms-immutability-policy-until-date');
  return protect(context, (version) => {
    if (version.policy?.locked === true) requireExtension(version.policy, policy);
    return { ...version, policy };
  });
}

/** Delete Blob Immutability Policy. A locked one stays; 409. */
export async function deleteImmutabilityPolicy(context: OperationContext): Promise<Reply> {
  return protect(context, ({ policy, ...rest }) => {
    if (policy?.locked === true) throw lockedPolicy();
    return rest;
  });
}

export async function setLegalHold(context: OperationContext): Promise<Reply> {
  const hold = parseLegalHold(context.request);
  if (hold === undefined) throw missingHeader('x-ms-legal-hold');
  const reply = await protect(context, ({ legalHold: _before, ...rest }) =>
    hold ? { ...rest, legalHold: true } : rest,
  );
  return { ...reply, headers: { ...reply.headers, 'x-ms-legal-hold': String(hold) } };
}

async function protect(context: OperationContext, change: (version: Version) => Version): Promise<Reply> {
  const state = requireContainer(context, 'blob/write');
  requireVersioning(state);
  const revised = await withBlob(context, state, async (entry) => {
    const { version } = findVersion(context.request, entry);
    checkWriteConditions(context.request, version);
    return reviseVersion(context, change(version), false);
  });
  return { status: 200, headers: protectionHeaders(revised) };
}

function requireExtension(before: ImmutabilityPolicy, after: ImmutabilityPolicy): void {
  if (!after.locked || after.until < before.until) throw lockedPolicy();
}

function lockedPolicy(): BlobError {
  return new BlobError(
    409,
    'ImmutabilityPolicyOperationNotAllowedOnLockedPolicy',
    'A locked immutability policy can be extended, but not shortened, unlocked or deleted.',
  );
}

function missingHeader(name: string): BlobError {
  return new BlobError(
    400,
    'MissingRequiredHeader',
    `An HTTP header that is mandatory is not specified: ${name}.`,
  );
}
