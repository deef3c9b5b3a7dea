import { describe, expect, it } from 'vitest';
import type { DataAction } from '../../../shared/domain/access.ts';
import { ACCOUNT, rawRequest, refusal, startTestBlob, type TestBlob } from './fixture.ts';

const DENIED = '403 AuthorizationPermissionMismatch';

async function startWithRoles(): Promise<TestBlob> {
  const cloud = await startTestBlob();
  await cloud.service.ensureContainer(ACCOUNT, 'mine', { versioning: true });
  await cloud.service.ensureContainer(ACCOUNT, 'theirs', { versioning: true });
  for (const name of ['mine', 'theirs']) {
    await cloud.container(name).getBlockBlobClient('old').upload('old', 3);
  }
  return cloud;
}

/** What each operation answers to `who` on a container that exists and one that does not. */
async function tryAll(cloud: TestBlob, who: string, name: string): Promise<Record<string, string>> {
  const box = cloud.container(name, who);
  const old = box.getBlockBlobClient('old');
  const fresh = (label: string) => box.getBlockBlobClient(`new-${who}-${label}`);
  return {
    read: await refusal(old.download()),
    properties: (await refusal(old.getProperties())).slice(0, 3),
    blocks: await refusal(old.getBlockList('all')),
    list: await refusal(box.listBlobsFlat().next()),
    create: await refusal(fresh('a').upload('x', 1)),
    createOnly: await refusal(fresh('b').upload('x', 1, { conditions: { ifNoneMatch: '*' } })),
    createOnlyExisting: await refusal(old.upload('x', 1, { conditions: { ifNoneMatch: '*' } })),
    stageAndCommit: await refusal(
      fresh('c')
        .stageBlock('AAAA', 'x', 1)
        .then(() => fresh('c').commitBlockList(['AAAA'])),
    ),
    stageOnExisting: await refusal(old.stageBlock('AAAA', 'x', 1)),
    overwrite: await refusal(old.upload('old', 3)),
    metadata: await refusal(old.setMetadata({ a: '1' })),
    headers: await refusal(old.setHTTPHeaders({})),
    hold: await refusal(old.setLegalHold(false)),
    delete: await refusal(fresh('a').delete()),
  };
}

const MATRIX: readonly [DataAction, Record<string, string>][] = [
  ['blob/read', { read: 'ok', properties: 'ok', blocks: 'ok' }],
  ['blob/list', { list: 'ok' }],
  [
    'blob/create',
    {
      create: 'ok',
      createOnly: 'ok',
      createOnlyExisting: '409 BlobAlreadyExists',
      stageAndCommit: 'ok',
    },
  ],
  [
    'blob/write',
    {
      create: 'ok',
      createOnly: 'ok',
      createOnlyExisting: '409 BlobAlreadyExists',
      stageAndCommit: 'ok',
      stageOnExisting: 'ok',
      overwrite: 'ok',
      metadata: 'ok',
      headers: 'ok',
      hold: 'ok',
    },
  ],
  ['blob/delegate', {}],
];

describe('roles', () => {
  it.each(MATRIX)(
    '%s carries exactly its own operations, in its own container only',
    async (action, allowed) => {
      const cloud = await startWithRoles();
      cloud.grants.set('silo', [{ action, scope: `blob/${ACCOUNT}/mine` }]);
      const nothing = Object.fromEntries(
        Object.keys(await tryAll(cloud, 'stranger', 'mine')).map((operation) => [operation, DENIED]),
      );
      nothing['properties'] = '403';
      const expected = { ...nothing, ...allowed };
      expect(await tryAll(cloud, 'silo', 'mine')).toEqual(expected);
      expect(await tryAll(cloud, 'silo', 'theirs')).toEqual(nothing);
      // A container that is not there looks like a forbidden one.
      expect(await tryAll(cloud, 'silo', 'absent')).toEqual(nothing);
      expect(await tryAll(cloud, 'stranger', 'mine')).toEqual(nothing);
    },
  );

  it('blob/delete deletes and does nothing else', async () => {
    const cloud = await startWithRoles();
    cloud.grants.set('silo', [{ action: 'blob/delete', scope: `blob/${ACCOUNT}/mine` }]);
    const old = cloud.container('mine', 'silo').getBlockBlobClient('old');
    expect(await refusal(old.download())).toBe(DENIED);
    expect(await refusal(old.upload('x', 1))).toBe(DENIED);
    expect(await refusal(old.delete())).toBe('ok');
    expect(await refusal(old.delete())).toBe('404 BlobNotFound');
  });

  it('a creator racing another one never overwrites', async () => {
    const cloud = await startWithRoles();
    cloud.grants.set('silo', [{ action: 'blob/create', scope: `blob/${ACCOUNT}/mine` }]);
    const blob = cloud.container('mine', 'silo').getBlockBlobClient('race');
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, index) => refusal(blob.upload(`${index}`, `${index}`.length))),
    );
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === DENIED)).toHaveLength(11);
  });

  it('account-wide operations need a grant on the whole account', async () => {
    const cloud = await startWithRoles();
    cloud.grants.set('silo', [
      { action: 'blob/list', scope: `blob/${ACCOUNT}/mine` },
      { action: 'blob/delegate', scope: `blob/${ACCOUNT}/mine` },
    ]);
    const client = cloud.client('silo');
    expect(await refusal(client.listContainers().next())).toBe(DENIED);
    const key = client.getUserDelegationKey(new Date(), new Date(Date.now() + 60_000));
    expect(await refusal(key)).toBe(DENIED);
    expect(await refusal(cloud.container('mine', 'silo').getProperties())).toBe('ok');
    expect(await refusal(cloud.container('theirs', 'silo').getProperties())).toBe(DENIED);
  });

  it('nobody makes or removes a container by the data plane, not even the owner', async () => {
    const cloud = await startWithRoles();
    expect(await refusal(cloud.container('new').create())).toBe(DENIED);
    expect(await refusal(cloud.container('mine').delete())).toBe(DENIED);
    expect(await cloud.container('mine').exists()).toBe(true);
  });

  it('a grant that is taken away is gone with the next request', async () => {
    const cloud = await startWithRoles();
    cloud.grants.set('silo', [{ action: 'blob/read', scope: `blob/${ACCOUNT}/*` }]);
    const old = cloud.container('mine', 'silo').getBlockBlobClient('old');
    expect(await refusal(old.download())).toBe('ok');
    cloud.grants.delete('silo');
    expect(await refusal(old.download())).toBe(DENIED);
  });

  it('a request needs a token that verifies', async () => {
    const cloud = await startWithRoles();
    const get = (headers: Record<string, string>) =>
      rawRequest(cloud, 'GET', `/${ACCOUNT}/mine/old`, headers);
    const anonymous = await get({});
    expect([anonymous.status, anonymous.headers['x-ms-error-code']]).toEqual([
      401,
      'NoAuthenticationInformation',
    ]);
    expect(anonymous.headers['www-authenticate']).toMatch(/^Bearer authorization_uri=/);
    const forged = await get({ authorization: 'Bearer forged.token.value' });
    expect([forged.status, forged.headers['x-ms-error-code']]).toEqual([401, 'InvalidAuthenticationInfo']);
    expect(forged.body).not.toContain('forged');
    const sharedKey = await get({ authorization: `SharedKey ${ACCOUNT}:AAAA` });
    expect([sharedKey.status, sharedKey.headers['x-ms-error-code']]).toEqual([
      403,
      'KeyBasedAuthenticationNotPermitted',
    ]);
    expect((await get({ authorization: 'Bearer token-owner' })).status).toBe(200);
  });
});
