import { constants, publicEncrypt, randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { publicKeyOf } from '../../local/key-vault/public-key.ts';
import { idOf, refusalOf } from '../../local/key-vault/running-vault.ts';
import { keyVaultSuite } from './key-vault-backend.ts';

const suite = keyVaultSuite();
const { conform } = suite;

conform(
  ['KeyUnwrap', 'KeyDecrypt', 'KeyWrap', 'KeyEncrypt'],
  'what node:crypto encrypts with the public key, the vault unwraps, by OAEP with either hash and any size',
  async () => {
    for (const keySize of [2048, 3072]) {
      const key = await suite.keys().createRsaKey(suite.freshName(`kek-${keySize}`), { keySize });
      const client = suite.crypto(idOf(key));
      const dek = randomBytes(32);
      for (const [algorithm, oaepHash] of [
        ['RSA-OAEP-256', 'sha256'],
        ['RSA-OAEP', 'sha1'],
      ] as const) {
        const padding = constants.RSA_PKCS1_OAEP_PADDING;
        const wrapped = publicEncrypt({ key: publicKeyOf(key), padding, oaepHash }, dek);
        const opened = await client.unwrapKey(algorithm, wrapped);
        expect(Buffer.from(opened.result)).toEqual(dek);
        expect(opened.keyID).toBe(key.id);
        expect(Buffer.from((await client.decrypt({ algorithm, ciphertext: wrapped })).result)).toEqual(dek);
      }
      const { result } = await client.wrapKey('RSA-OAEP-256', dek);
      expect(Buffer.from((await client.unwrapKey('RSA-OAEP-256', result)).result)).toEqual(dek);
      const { result: sealed } = await client.encrypt({
        algorithm: 'RSA-OAEP-256',
        plaintext: Buffer.alloc(0),
      });
      const opened = await client.decrypt({ algorithm: 'RSA-OAEP-256', ciphertext: sealed });
      expect(opened.result).toHaveLength(0);
    }
  },
);

conform(
  ['KeyUnwrap', 'KeyWrap'],
  'ciphertext that was altered, cut or made for another hash or key does not open',
  async () => {
    const key = await suite.keys().createRsaKey(suite.freshName('kek'));
    const other = await suite.keys().createRsaKey(suite.freshName('other'));
    const client = suite.crypto(idOf(key));
    const { result } = await client.wrapKey('RSA-OAEP-256', Buffer.from('dek'));
    const flipped = Buffer.from(result);
    flipped.writeUInt8(flipped.readUInt8(200) ^ 1, 200);
    const refused = { status: 400, code: 'BadParameter' };
    expect(await refusalOf(client.unwrapKey('RSA-OAEP-256', flipped))).toEqual(refused);
    expect(await refusalOf(client.unwrapKey('RSA-OAEP-256', result.subarray(1)))).toEqual(refused);
    expect(await refusalOf(client.unwrapKey('RSA-OAEP-256', Buffer.alloc(0)))).toEqual(refused);
    expect(await refusalOf(client.unwrapKey('RSA-OAEP', result))).toEqual(refused);
    expect(await refusalOf(client.unwrapKey('RSA1_5', result))).toEqual(refused);
    expect(await refusalOf(client.wrapKey('RSA-OAEP-256', Buffer.alloc(191)))).toEqual(refused);
    expect(await refusalOf(suite.crypto(idOf(other)).unwrapKey('RSA-OAEP-256', result))).toEqual(refused);
  },
);
