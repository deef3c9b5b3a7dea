import { expect, test } from 'vitest';
import { UnwrapRefused } from '../../shared/ports/key-ring.ts';
import { dataKey, twoTenants } from './two-tenants.ts';

test('a silo of another tenant that consented and gave the right is unwrapped, beside one of the own tenant', async () => {
  const { keyAtHome, keyAbroad, keyRing, audiences } = await twoTenants();
  const near = await keyAtHome();
  const far = await keyAbroad('far', 'with the right');
  const farther = await keyAbroad('farther', 'with the right');
  const keys = keyRing();
  for (const { kid, wrapped } of [near, far, farther, near, far]) {
    expect(Buffer.from(await keys.unwrap(kid, wrapped))).toEqual(dataKey);
  }
  expect(audiences.filter((audience) => audience === 'https://vault.azure.net')).toHaveLength(1);
  expect(new Set(audiences)).toEqual(new Set(['https://vault.azure.net', 'api://AzureADTokenExchange']));
});

test('a silo whose tenant did not consent is refused, and others go on', async () => {
  const { keyAbroad, keyRing } = await twoTenants();
  const closed = await keyAbroad('closed', 'none');
  const open = await keyAbroad('open', 'with the right');
  const keys = keyRing();
  const refused = await keys.unwrap(closed.kid, closed.wrapped).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(UnwrapRefused);
  expect(refused).toMatchObject({
    slug: 'unwrap-denied',
    message: expect.stringMatching(
      /^tenant \S+ has not consented to the aggregator's application$/,
    ) as string,
  });
  expect(Buffer.from(await keys.unwrap(open.kid, open.wrapped))).toEqual(dataKey);
});

test('consent alone opens nothing: the vault refuses an application without a right, and its token is kept', async () => {
  const { keyAbroad, keyRing, shown } = await twoTenants();
  const { kid, wrapped } = await keyAbroad('far', 'without a right');
  const keys = keyRing();
  await expect(keys.unwrap(kid, wrapped)).rejects.toMatchObject({ slug: 'unwrap-denied' });
  await expect(keys.unwrap(kid, wrapped)).rejects.toMatchObject({ slug: 'unwrap-denied' });
  expect(shown.size).toBe(1);
});

test('without an application a vault of another tenant is refused by name of the setting, and the own tenant is not', async () => {
  const { keyAtHome, keyAbroad, keyRing } = await twoTenants();
  const near = await keyAtHome();
  const far = await keyAbroad('far', 'with the right');
  const keys = keyRing('');
  await expect(keys.unwrap(far.kid, far.wrapped)).rejects.toMatchObject({
    name: 'UnwrapRefused',
    slug: 'unwrap-denied',
    message: expect.stringContaining('AGGREGATOR_APPLICATION_ID') as string,
  });
  expect(Buffer.from(await keys.unwrap(near.kid, near.wrapped))).toEqual(dataKey);
});

test.each([
  ['issuer', { issuer: 'https://sts.windows.net/somebody-else/' }],
  ['subject', { subject: '00000000-0000-4000-8000-000000000000' }],
  ['audience', { audience: 'api://another' }],
])(
  'an application that trusts another %s is a fault of the coordinator, not of the silo',
  async (_what, trust) => {
    const { keyAbroad, keyRing } = await twoTenants({ trust });
    const { kid, wrapped } = await keyAbroad('far', 'with the right');
    const refused = await keyRing()
      .unwrap(kid, wrapped)
      .catch((error: unknown) => error);
    expect(refused).not.toBeInstanceOf(UnwrapRefused);
    expect(String(refused)).toMatch(/invalid_client.*AADSTS70021/s);
  },
);
