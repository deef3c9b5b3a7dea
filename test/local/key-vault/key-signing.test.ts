import { expect, test } from 'vitest';
import { idOf, refusalOf, runningVault } from './running-vault.ts';

test('an EC key signs with its own curve only, and with no RSA operation', async () => {
  const { keys, crypto, owner, identityWith } = await runningVault();
  const key = await keys(owner).createEcKey('sig', { curve: 'P-256' });
  // May not read the key, so the SDK cannot refuse by what it read and has to ask the service.
  const client = crypto(idOf(key), await identityWith('user', ['keys/sign', 'keys/unwrap']));
  const refused = { status: 400, code: 'BadParameter' };
  expect(await refusalOf(client.sign('ES384', Buffer.alloc(48)))).toEqual(refused);
  expect(await refusalOf(client.sign('RS256', Buffer.alloc(32)))).toEqual(refused);
  expect(await refusalOf(client.unwrapKey('RSA-OAEP-256', Buffer.alloc(256)))).toEqual({
    status: 403,
    code: 'KeyOperationForbidden',
  });
});
