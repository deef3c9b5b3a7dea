/** A refusal as Key Vault words it: `{ error: { code, message, innererror: { code } } }`. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
  readonly status: number;
  readonly code: string;
  /** The finer reason, such as `KeyDisabled` or `ForbiddenByRbac`. */
  readonly innerCode: string | undefined;
  constructor(status: number, code: string, message: string, innerCode?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.innerCode = innerCode;
  }
}

export function badParameter(message: string): VaultError {
  return new VaultError(400, 'BadParameter', message);
}

export function forbidden(message: string, innerCode: string): VaultError {
  return new VaultError(403, 'Forbidden', message, innerCode);
}

export function keyNotFound(what: string): VaultError {
  return new VaultError(404, 'KeyNotFound', `A key with (name/id) ${what} was not found in this key vault.`);
}

export function unsupported(operation: string): VaultError {
  return new VaultError(501, 'NotImplemented', `${operation} is not supported by the embedded key vault.`);
}
