/** Encrypting, unwrapping, signing: what is done with a key version, and when it may be done. */
import type { KeyCrypto } from './key-crypto.ts';
import type { KeyOperation, KeyVersion } from './key-record.ts';
import { operationBodyShape, parseBody, verifyBodyShape } from './request-body.ts';
import { forbidden } from './vault-error.ts';

export type UseOperation = 'KeyEncrypt' | 'KeyDecrypt' | 'KeyWrap' | 'KeyUnwrap' | 'KeySign' | 'KeyVerify';

const KEY_OPERATION: Readonly<Record<UseOperation, KeyOperation>> = {
  KeyEncrypt: 'encrypt',
  KeyDecrypt: 'decrypt',
  KeyWrap: 'wrapKey',
  KeyUnwrap: 'unwrapKey',
  KeySign: 'sign',
  KeyVerify: 'verify',
};

/** Outside its lifetime a key still opens and checks what was made within it. */
const ALLOWED_OUTSIDE_LIFETIME: readonly UseOperation[] = ['KeyDecrypt', 'KeyUnwrap', 'KeyVerify'];

/** Throws 403 when the version is disabled, lacks the operation, or is outside its lifetime. `now` in epoch seconds. */
export function requireUsable(version: KeyVersion, operation: UseOperation, now: number): void {
  const name = KEY_OPERATION[operation];
  if (!version.enabled) {
    throw forbidden(`Operation ${name} is not allowed on a disabled key.`, 'KeyDisabled');
  }
  if (!version.operations.includes(name)) {
    throw forbidden(`Operation ${name} is not permitted on this key.`, 'KeyOperationForbidden');
  }
  if (ALLOWED_OUTSIDE_LIFETIME.includes(operation)) return;
  if (version.notBefore !== undefined && now < version.notBefore) {
    throw forbidden(`Operation ${name} is not allowed on a key that is not yet valid.`, 'KeyNotYetValid');
  }
  if (version.expires !== undefined && now >= version.expires) {
    throw forbidden(`Operation ${name} is not allowed on an expired key.`, 'KeyExpired');
  }
}

export async function useKey(
  operation: UseOperation,
  kid: string,
  crypto: KeyCrypto,
  body: Buffer,
): Promise<object> {
  if (operation === 'KeyVerify') {
    const { alg, digest, value } = parseBody(verifyBodyShape, body);
    return { value: await crypto.verify(alg, digest, value) };
  }
  const { alg, value } = parseBody(operationBodyShape, body);
  const result = await transform(operation, crypto, alg, value);
  return { kid, value: result.toString('base64url') };
}

function transform(
  operation: Exclude<UseOperation, 'KeyVerify'>,
  crypto: KeyCrypto,
  algorithm: string,
  value: Buffer,
): Promise<Buffer> {
  switch (operation) {
    case 'KeyEncrypt':
    case 'KeyWrap':
      return crypto.encrypt(algorithm, value);
    case 'KeyDecrypt':
    case 'KeyUnwrap':
      return crypto.decrypt(algorithm, value);
    case 'KeySign':
      return crypto.sign(algorithm, value);
  }
}
