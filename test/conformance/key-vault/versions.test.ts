import { expect } from 'vitest';
import { idOf, refusalOf } from '../../local/key-vault/running-vault.ts';
import { keyVaultSuite } from './key-vault-backend.ts';

const suite = keyVaultSuite();
const { conform } = suite;

conform(
  ['KeyRotate', 'KeyUnwrap', 'KeyUpdate'],
  'after a rotation the old version still unwraps and the new one does not open what the old one wrapped',
  async () => {
    const kek = suite.freshName('kek');
    const first = await suite.keys().createRsaKey(kek);
    const { result } = await suite.crypto(idOf(first)).wrapKey('RSA-OAEP-256', Buffer.from('dek'));
    const second = await suite.keys().rotateKey(kek);
    const opened = await suite.crypto(idOf(first)).unwrapKey('RSA-OAEP-256', result);
    expect(Buffer.from(opened.result).toString()).toBe('dek');
    expect(await refusalOf(suite.crypto(idOf(second)).unwrapKey('RSA-OAEP-256', result))).toMatchObject({
      status: 400,
    });
    await suite.keys().updateKeyProperties(kek, first.properties.version ?? '', { enabled: false });
    const gone = suite.crypto(idOf(first));
    expect(await refusalOf(gone.unwrapKey('RSA-OAEP-256', result))).toEqual({
      status: 403,
      code: 'KeyDisabled',
    });
    const { result: newer } = await suite.crypto(idOf(second)).wrapKey('RSA-OAEP-256', Buffer.from('new'));
    expect(newer).toHaveLength(256);
  },
);

conform(
  ['KeyGet', 'KeySign'],
  '320 parallel first operations of fresh clients made from versioned ids all succeed',
  async () => {
    const key = await suite.keys().createEcKey(suite.freshName('sig'));
    const digest = Buffer.alloc(32, 7);
    for (let client = 0; client < 10; client += 1) {
      const fresh = suite.crypto(idOf(key));
      const signed = await Promise.all(Array.from({ length: 32 }, () => fresh.sign('ES256', digest)));
      expect(signed.every(({ result }) => result.length === 64)).toBe(true);
    }
  },
);

conform(
  ['KeyWrap', 'KeyUnwrap', 'KeySign', 'KeyVerify', 'KeyDecrypt', 'KeyUpdate'],
  'a disabled key refuses every operation; key_ops, start and end refuse theirs',
  async () => {
    const client = suite.keys();
    const name = suite.freshName('kek');
    const key = await client.createRsaKey(name, { keyOps: ['wrapKey', 'unwrapKey', 'sign', 'verify'] });
    const use = suite.cryptoOfUser(idOf(key));
    const digest = Buffer.alloc(32, 1);
    const { result: wrapped } = await use.wrapKey('RSA-OAEP-256', digest);
    const { result: signature } = await use.sign('RS256', digest);
    const forward = () => [use.wrapKey('RSA-OAEP-256', digest), use.sign('PS256', digest)];
    const backward = () => [use.unwrapKey('RSA-OAEP-256', wrapped), use.verify('RS256', digest, signature)];
    const statuses = async (calls: Promise<unknown>[]) =>
      (await Promise.all(calls.map((call) => refusalOf(call)))).map(({ status }) => status);
    expect(await statuses([use.decrypt({ algorithm: 'RSA-OAEP-256', ciphertext: wrapped })])).toEqual([403]);
    await client.updateKeyProperties(name, { enabled: false });
    expect(await statuses([...forward(), ...backward()])).toEqual([403, 403, 403, 403]);
    const notBefore = new Date(Date.now() + 3600_000);
    await client.updateKeyProperties(name, { enabled: true, notBefore });
    expect(await statuses(forward())).toEqual([403, 403]);
    const past = { notBefore: new Date(Date.now() - 7200_000), expiresOn: new Date(Date.now() - 3600_000) };
    await client.updateKeyProperties(name, past);
    expect(await statuses(forward())).toEqual([403, 403]);
    // What was made within the lifetime still opens and verifies.
    expect(await statuses(backward())).toEqual([200, 200]);
  },
  { feature: 'second identity' },
);
