/** A refusal as the Blob service words it: an HTTP status, Azure's `x-ms-error-code` and a sentence for people. */
export class BlobError extends Error {
  override readonly name = 'BlobError';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export function notImplemented(what: string): BlobError {
  return new BlobError(501, 'NotImplemented', `${what} is not offered by this Blob service.`);
}

/** Also the answer where the caller may not know whether the resource exists. */
export function permissionMismatch(): BlobError {
  return new BlobError(
    403,
    'AuthorizationPermissionMismatch',
    'This request is not authorized to perform this operation using this permission.',
  );
}

/** Says nothing about which check failed, so that a forger learns nothing. */
export function authenticationFailed(): BlobError {
  return new BlobError(
    403,
    'AuthenticationFailed',
    'Server failed to authenticate the request. Make sure the value of the Authorization header or the signature is formed correctly and in time.',
  );
}

export function blobNotFound(): BlobError {
  return new BlobError(404, 'BlobNotFound', 'The specified blob does not exist.');
}

export function blobAlreadyExists(): BlobError {
  return new BlobError(409, 'BlobAlreadyExists', 'The specified blob already exists.');
}

export function conditionNotMet(status: 304 | 412): BlobError {
  return new BlobError(
    status,
    'ConditionNotMet',
    'The condition specified using HTTP conditional header(s) is not met.',
  );
}

export function invalidHeader(name: string): BlobError {
  return new BlobError(
    400,
    'InvalidHeaderValue',
    `The value for the HTTP header ${name} is not in the correct format.`,
  );
}

export function invalidQuery(name: string): BlobError {
  return new BlobError(
    400,
    'InvalidQueryParameterValue',
    `The value for the query parameter ${name} in the request URI is invalid.`,
  );
}

export function immutable(): BlobError {
  return new BlobError(
    409,
    'BlobImmutableDueToPolicy',
    'This operation is not permitted as the blob is immutable due to a policy.',
  );
}
