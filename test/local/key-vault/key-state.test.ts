import { expect, test } from 'vitest';
import { idOf, refusalOf, runningVault } from './running-vault.ts';

const FAST_RETRY = { retryOptions: { maxRetries: 3, retryDelayInMs: 1 } };

test('a disabled key refuses every operation, and key_ops and lifetime refuse theirs', async () => {
  let time = Date.UTC(2027, 0, 1);
  const { keys, crypto, owner, identityWith } = await runningVault(() => time);
  const client = keys(owner);
  const key = await client.createRsaKey('kek', { keyOps: ['wrapKey', 'unwrapKey', 'sign', 'verify'] });
  // May not read the key, so the SDK cannot refuse by what it read and has to ask the service.
  const use = crypto(idOf(key), await identityWith('user', ['keys/sign', 'keys/unwrap']));
  const digest = Buffer.alloc(32, 1);
  const { result: wrapped } = await use.wrapKey('RSA-OAEP-256', digest);
  const { result: signature } = await use.sign('RS256', digest);
  const forward = () => [use.wrapKey('RSA-OAEP-256', digest), use.sign('PS256', digest)];
  const backward = () => [use.unwrapKey('RSA-OAEP-256', wrapped), use.verify('RS256', digest, signature)];
  const codes = async (calls: Promise<unknown>[]) =>
    (await Promise.all(calls.map((call) => refusalOf(call)))).map(({ code }) => code);
  expect(await codes([use.decrypt({ algorithm: 'RSA-OAEP-256', ciphertext: wrapped })])).toEqual([
    'KeyOperationForbidden',
  ]);
  await client.updateKeyProperties('kek', { enabled: false });
  expect(await codes([...forward(), ...backward()])).toEqual(Array(4).fill('KeyDisabled'));
  await client.updateKeyProperties('kek', {
    enabled: true,
    notBefore: new Date(time + 10_000),
    expiresOn: new Date(time + 20_000),
  });
  expect(await codes(forward())).toEqual(['KeyNotYetValid', 'KeyNotYetValid']);
  time += 10_000;
  expect(await codes(forward())).toEqual(['', '']);
  time += 10_000;
  expect(await codes(forward())).toEqual(['KeyExpired', 'KeyExpired']);
  expect(await codes(backward())).toEqual(['', '']);
});

test('the SDK takes a throttled or lost answer by asking again', async () => {
  const { keys, crypto, owner, faults, vault } = await runningVault();
  const key = await keys(owner).createRsaKey('kek');
  const client = crypto(idOf(key), owner, FAST_RETRY);
  const { result } = await client.wrapKey('RSA-OAEP-256', Buffer.from('dek'));
  const unwrap = async () => Buffer.from((await client.unwrapKey('RSA-OAEP-256', result)).result).toString();
  const rule = { service: 'keyvault', operation: 'KeyUnwrap' } as const;
  faults.set([{ ...rule, kind: 'status', status: 429, retryAfter: 0.01, times: 2 }]);
  expect(await unwrap()).toBe('dek');
  faults.set([
    { ...rule, kind: 'lost-answer', times: 1 },
    { ...rule, kind: 'reset', times: 1 },
  ]);
  expect(await unwrap()).toBe('dek');
  faults.set([{ ...rule, kind: 'status', status: 429, times: 1 }]);
  await expect(unwrap()).rejects.toMatchObject({ statusCode: 429 });
  const unwraps = (await vault.auditLines()).filter(({ operation }) => operation === 'KeyUnwrap');
  expect(unwraps).toHaveLength(3);
});
