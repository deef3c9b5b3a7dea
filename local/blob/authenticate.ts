import { TokenRejected } from '../core/principal.ts';
import { authenticationFailed, BlobError } from './blob-error.ts';
import type { BlobRequest } from './blob-request.ts';
import type { Authentication, Caller } from './caller.ts';
import { isGranted } from './granted.ts';
import { verifySas } from './sas.ts';

const STORAGE_AUDIENCE = 'https://storage.azure.com';

/** Throws 401 without a valid token, 403 for a signature that does not hold and for account keys. */
export async function authenticate(request: BlobRequest, by: Authentication): Promise<Caller> {
  const authorization = request.header('authorization');
  if (request.query.has('sig')) {
    if (authorization !== undefined) throw authenticationFailed();
    return verifySas(request, by);
  }
  if (authorization === undefined) {
    throw unauthorized(
      'NoAuthenticationInformation',
      'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.',
    );
  }
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) {
    throw new BlobError(
      403,
      'KeyBasedAuthenticationNotPermitted',
      'Key based authentication is not permitted on this storage account.',
    );
  }
  const principal = await by.verify(token, STORAGE_AUDIENCE).catch((error: unknown) => {
    if (error instanceof TokenRejected) {
      throw unauthorized(
        'InvalidAuthenticationInfo',
        'Server failed to authenticate the request. The access token is not valid.',
      );
    }
    throw error;
  });
  return {
    principal,
    credential: 'token',
    may: (action, scope) => isGranted(by.authorize, principal, action, scope),
  };
}

function unauthorized(code: string, message: string): BlobError {
  // Names no tenant, so clients do not try again elsewhere; they do parse the URI and need one.
  const challenge = `Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize resource_id=${STORAGE_AUDIENCE}`;
  return new BlobError(401, code, message, { 'www-authenticate': challenge });
}
