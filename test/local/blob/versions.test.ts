import type { BlobClient } from '@azure/storage-blob';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, OWNER, rawRequest, refusal, startTestBlob } from './fixture.ts';

async function startVersioned() {
  const cloud = await startTestBlob();
  await cloud.service.ensureContainer(ACCOUNT, 'models', { versioning: true });
  await cloud.service.ensureContainer(ACCOUNT, 'plain');
  const blob = cloud.container('models').getBlockBlobClient('exp-1/v0');
  return { cloud, blob };
}

async function read(blob: BlobClient): Promise<string> {
  return (await blob.downloadToBuffer()).toString();
}

function inMinutes(cloud: { clock: { ahead: number } }, minutes: number): Date {
  return new Date(Math.floor((Date.now() + cloud.clock.ahead) / 1000) * 1000 + minutes * 60_000);
}

describe('versions', () => {
  it('are given to every write, grow, and stay readable after overwrite, metadata change and delete', async () => {
    const { cloud, blob } = await startVersioned();
    const first = await blob.upload('one', 3);
    const second = await blob.upload('two', 3, { metadata: { a: '1' } });
    const third = await blob.setMetadata({ a: '2' });
    await blob.stageBlock('AAAA', 'four', 4);
    const fourth = await blob.commitBlockList(['AAAA']);
    const ids = [first, second, third, fourth].map(({ versionId = '' }) => versionId);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(4);
    expect(ids[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
    await blob.delete();
    expect(await blob.exists()).toBe(false);
    await cloud.restart();
    const contents = await Promise.all(ids.map((id) => read(blob.withVersion(id))));
    expect(contents).toEqual(['one', 'two', 'two', 'four']);
    expect((await blob.withVersion(ids[1] ?? '').getProperties()).metadata).toEqual({ a: '1' });
    expect((await blob.withVersion(ids[2] ?? '').getProperties()).metadata).toEqual({ a: '2' });
    // A name whose current version is gone is free to be created again.
    expect(await refusal(blob.upload('five', 4, { conditions: { ifNoneMatch: '*' } }))).toBe('ok');
    expect((await blob.getProperties()).isCurrentVersion).toBe(true);
  });

  it('never lend an ETag or id to a later write, whatever the clock does', async () => {
    const { cloud } = await startVersioned();
    const blob = cloud.container('plain').getBlockBlobClient('x');
    const before = await blob.upload('1', 1);
    await blob.delete();
    cloud.clock.ahead = -3600_000;
    await cloud.restart();
    const after = await blob.upload('2', 1);
    expect(after.etag).not.toBe(before.etag);
    expect(await refusal(blob.upload('3', 1, { conditions: { ifMatch: before.etag ?? '' } }))).toBe(
      '412 ConditionNotMet',
    );
  });

  it('survive a rewriting of the catalog log', async () => {
    const cloud = await startTestBlob({ compactAbove: 2000 });
    await cloud.service.ensureContainer(ACCOUNT, 'models', { versioning: true });
    const box = cloud.container('models');
    const blob = box.getBlockBlobClient('x');
    const ids: string[] = [];
    for (let round = 0; round < 30; round += 1) {
      ids.push((await blob.upload(`${round}`, `${round}`.length)).versionId ?? '');
      await box.getBlockBlobClient(`staged-${round}`).stageBlock('AAAA', 's', 1);
    }
    await blob.withVersion(ids[0] ?? '').delete();
    await cloud.restart();
    const contents = await Promise.all(ids.slice(1).map((id) => read(blob.withVersion(id))));
    expect(contents).toEqual(Array.from({ length: 29 }, (_, index) => `${index + 1}`));
    await box.getBlockBlobClient('staged-3').commitBlockList(['AAAA']);
    expect(await read(box.getBlobClient('staged-3'))).toBe('s');
  });
});

describe('write-once protection', () => {
  it('keeps a locked version from being deleted, changed, unlocked or freed early', async () => {
    const { cloud, blob } = await startVersioned();
    const { versionId = '' } = await blob.upload('model', 5);
    const until = inMinutes(cloud, 60);
    await blob.setImmutabilityPolicy({ expiriesOn: until, policyMode: 'Locked' });
    expect(await refusal(blob.setMetadata({ a: '1' }))).toBe('409 BlobImmutableDueToPolicy');
    expect(await refusal(blob.setHTTPHeaders({}))).toBe('409 BlobImmutableDueToPolicy');
    const policyRefused = '409 ImmutabilityPolicyOperationNotAllowedOnLockedPolicy';
    const set = (expiriesOn: Date, policyMode: 'Locked' | 'Unlocked') =>
      refusal(blob.withVersion(versionId).setImmutabilityPolicy({ expiriesOn, policyMode }));
    expect(await set(inMinutes(cloud, 30), 'Locked')).toBe(policyRefused);
    expect(await set(inMinutes(cloud, 90), 'Unlocked')).toBe(policyRefused);
    expect(await refusal(blob.deleteImmutabilityPolicy())).toBe(policyRefused);
    expect(await set(inMinutes(cloud, 120), 'Locked')).toBe('ok');
    // Overwriting and deleting leave the protected version where it is.
    await blob.upload('new', 3);
    await blob.delete();
    await cloud.restart();
    const old = blob.withVersion(versionId);
    expect(await refusal(old.delete())).toBe('409 BlobImmutableDueToPolicy');
    expect(await read(old)).toBe('model');
    expect(await old.getProperties()).toMatchObject({ immutabilityPolicyMode: 'locked' });
    cloud.clock.ahead = 121 * 60_000;
    expect(await refusal(old.delete())).toBe('ok');
  });

  it('holds a version for as long as the legal hold lasts', async () => {
    const { cloud, blob } = await startVersioned();
    const { versionId = '' } = await blob.upload('model', 5, { legalHold: true });
    await blob.delete();
    const old = blob.withVersion(versionId);
    cloud.clock.ahead = 10 * 365 * 24 * 3600_000;
    await cloud.restart();
    expect((await old.getProperties()).legalHold).toBe(true);
    expect(await refusal(old.delete())).toBe('409 BlobImmutableDueToPolicy');
    await old.setLegalHold(false);
    expect(await refusal(old.delete())).toBe('ok');
  });

  it('needs versioning, a date ahead and a known mode', async () => {
    const { cloud, blob } = await startVersioned();
    const plain = cloud.container('plain').getBlockBlobClient('x');
    await plain.upload('x', 1);
    await blob.upload('x', 1);
    const expiriesOn = inMinutes(cloud, 1);
    expect(await refusal(plain.setImmutabilityPolicy({ expiriesOn }))).toBe(
      '409 ImmutabilityPolicyNotEnabled',
    );
    expect(await refusal(plain.setLegalHold(true))).toBe('409 ImmutabilityPolicyNotEnabled');
    const past = blob.setImmutabilityPolicy({ expiriesOn: inMinutes(cloud, -1) });
    expect(await refusal(past)).toBe('400 InvalidHeaderValue');
    const path = `/${ACCOUNT}/models/exp-1/v0?comp=immutabilityPolicies`;
    const mode = {
      'x-ms-immutability-policy-until-date': expiriesOn.toUTCString(),
      'x-ms-immutability-policy-mode': 'soft',
    };
    expect((await rawRequest(cloud, 'PUT', path, { ...OWNER, ...mode })).status).toBe(400);
    expect((await rawRequest(cloud, 'PUT', path, OWNER)).status).toBe(400);
  });
});
