import { constants, createHash, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { expect } from 'vitest';
import { publicKeyOf } from '../../local/key-vault/public-key.ts';
import { idOf, refusalOf } from '../../local/key-vault/running-vault.ts';
import { keyVaultSuite } from './key-vault-backend.ts';

const suite = keyVaultSuite();
const { conform } = suite;

conform(
  ['KeyCreate', 'KeySign', 'KeyVerify'],
  'signatures over a digest verify in node:crypto over the message, and the other way round',
  async () => {
    const rsa = await suite.keys().createRsaKey(suite.freshName('rsa'));
    const p256 = await suite.keys().createEcKey(suite.freshName('p256'), { curve: 'P-256' });
    const p384 = await suite.keys().createEcKey(suite.freshName('p384'), { curve: 'P-384' });
    const message = randomBytes(1000);
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    const raw = { dsaEncoding: 'ieee-p1363' } as const;
    const cases = [
      ...(['256', '384', '512'] as const).flatMap((bits) => [
        { algorithm: `RS${bits}`, key: rsa, hash: `sha${bits}`, options: {} },
        { algorithm: `PS${bits}`, key: rsa, hash: `sha${bits}`, options: pss },
      ]),
      { algorithm: 'ES256', key: p256, hash: 'sha256', options: raw },
      { algorithm: 'ES384', key: p384, hash: 'sha384', options: raw },
    ];
    for (const { algorithm, key, hash, options } of cases) {
      const client = suite.crypto(idOf(key));
      const digest = createHash(hash).update(message).digest();
      const signed = await client.sign(algorithm, digest);
      expect(signed.keyID).toBe(key.id);
      const verifies = verify(hash, message, { key: publicKeyOf(key), ...options }, signed.result);
      expect(verifies, algorithm).toBe(true);
      expect((await client.verify(algorithm, digest, signed.result)).result, algorithm).toBe(true);
      const altered = Buffer.from(signed.result);
      altered.writeUInt8(altered.readUInt8(10) ^ 1, 10);
      for (const bad of [
        altered,
        signed.result.subarray(1),
        Buffer.alloc(signed.result.length),
        Buffer.alloc(0),
      ]) {
        expect((await client.verify(algorithm, digest, bad)).result, algorithm).toBe(false);
      }
      const otherDigest = createHash(hash).update('other').digest();
      expect((await client.verify(algorithm, otherDigest, signed.result)).result).toBe(false);
      expect(await refusalOf(client.sign(algorithm, digest.subarray(1)))).toEqual({
        status: 400,
        code: 'BadParameter',
      });
    }
  },
);

conform(
  ['KeyImport', 'KeyVerify'],
  'a PKCS #1 signature never passes for PSS nor PSS for PKCS #1, and foreign salts are refused',
  async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = pair.privateKey.export({ format: 'jwk' });
    const bytes = (text: string | undefined) => Buffer.from(text ?? '', 'base64url');
    const { n, e, d, p, q, dp, dq, qi } = jwk;
    const key = await suite.keys().importKey(suite.freshName('rsa'), {
      kty: 'RSA',
      n: bytes(n),
      e: bytes(e),
      d: bytes(d),
      p: bytes(p),
      q: bytes(q),
      dp: bytes(dp),
      dq: bytes(dq),
      qi: bytes(qi),
    });
    const client = suite.crypto(idOf(key));
    const message = Buffer.from('message');
    const digest = createHash('sha256').update(message).digest();
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const pkcs1 = sign('sha256', message, pair.privateKey);
    const pss = sign('sha256', message, { key: pair.privateKey, padding, saltLength: 32 });
    const shortSalt = sign('sha256', message, { key: pair.privateKey, padding, saltLength: 20 });
    const ok = async (algorithm: string, signature: Uint8Array) =>
      (await client.verify(algorithm, digest, signature)).result;
    expect([await ok('RS256', pkcs1), await ok('PS256', pss)]).toEqual([true, true]);
    expect([await ok('PS256', pkcs1), await ok('RS256', pss), await ok('PS256', shortSalt)]).toEqual([
      false,
      false,
      false,
    ]);
  },
);
