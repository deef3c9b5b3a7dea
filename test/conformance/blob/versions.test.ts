import type { BlobClient, BlockBlobClient } from '@azure/storage-blob';
import { expect } from 'vitest';
import { refusal } from '../refusal.ts';
import { blobSuite } from './blob-backend.ts';

const suite = blobSuite();
const { conform } = suite;
const versions = { feature: 'versions' };
const immutability = { feature: 'immutability' };

async function versionedBlob(): Promise<BlockBlobClient> {
  return (await suite.freshContainer({ versioning: true })).getBlockBlobClient('exp-1/v0');
}

async function read(blob: BlobClient): Promise<string> {
  return (await blob.downloadToBuffer()).toString();
}

function inSeconds(seconds: number): Date {
  return new Date((Math.floor(Date.now() / 1000) + seconds) * 1000);
}

conform(
  ['Put Blob', 'Set Blob Metadata', 'Put Block List', 'Get Blob', 'Delete Blob'],
  'every write makes a version; they grow and stay readable after overwrite, change and delete',
  async () => {
    const blob = await versionedBlob();
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
    const contents = await Promise.all(ids.map((id) => read(blob.withVersion(id))));
    expect(contents).toEqual(['one', 'two', 'two', 'four']);
    expect((await blob.withVersion(ids[1] ?? '').getProperties()).metadata).toEqual({ a: '1' });
    // A name whose current version is gone is free to be created again.
    expect(await refusal(blob.upload('five', 4, { conditions: { ifNoneMatch: '*' } }))).toBe('ok');
    expect((await blob.getProperties()).isCurrentVersion).toBe(true);
  },
  versions,
);

conform(
  ['Get Blob', 'Get Blob Properties'],
  'a version answers to conditions with its own ETag',
  async () => {
    const blob = await versionedBlob();
    const first = await blob.upload('one', 3);
    const second = await blob.upload('two', 3);
    const old = blob.withVersion(first.versionId ?? '');
    const get = (etag = '') => refusal(old.download(0, undefined, { conditions: { ifMatch: etag } }));
    expect(await get(first.etag)).toBe('ok');
    expect(await get(second.etag)).toBe('412 ConditionNotMet');
    expect((await old.getProperties()).isCurrentVersion).toBeUndefined();
    const never = blob.withVersion('2001-01-01T00:00:00.0000000Z');
    expect(await refusal(never.download())).toBe('404 BlobNotFound');
  },
  versions,
);

conform(
  ['Delete Blob'],
  'versions are deleted one by one, the current one only as the blob',
  async () => {
    const blob = await versionedBlob();
    const first = await blob.upload('one', 3);
    const second = await blob.upload('two', 3);
    const current = blob.withVersion(second.versionId ?? '');
    expect(await refusal(current.delete())).toBe('403 OperationNotAllowedOnRootBlob');
    await blob.withVersion(first.versionId ?? '').delete();
    expect(await refusal(blob.withVersion(first.versionId ?? '').download())).toBe('404 BlobNotFound');
    expect(await read(blob)).toBe('two');
  },
  versions,
);

conform(
  ['Set Blob Immutability Policy', 'Delete Blob Immutability Policy', 'Set Blob Metadata', 'Delete Blob'],
  'a locked policy keeps its version from being deleted, changed, unlocked or freed early',
  async () => {
    const blob = await versionedBlob();
    const { versionId = '' } = await blob.upload('model', 5);
    const pinned = blob.withVersion(versionId);
    await blob.setImmutabilityPolicy({ expiriesOn: inSeconds(60), policyMode: 'Locked' });
    expect(await refusal(blob.setMetadata({ a: '1' }))).toBe('409 BlobImmutableDueToPolicy');
    expect(await refusal(blob.setHTTPHeaders({}))).toBe('409 BlobImmutableDueToPolicy');
    const set = (seconds: number, policyMode: 'Locked' | 'Unlocked') =>
      refusal(pinned.setImmutabilityPolicy({ expiriesOn: inSeconds(seconds), policyMode }));
    const refused = '409 ImmutabilityPolicyOperationNotAllowedOnLockedPolicy';
    expect(await set(30, 'Locked')).toBe(refused);
    expect(await set(90, 'Unlocked')).toBe(refused);
    expect(await refusal(blob.deleteImmutabilityPolicy())).toBe(refused);
    expect(await set(75, 'Locked')).toBe('ok');
    // Overwriting and deleting leave the protected version where it is.
    await blob.upload('new', 3);
    await blob.delete();
    expect(await refusal(pinned.delete())).toBe('409 BlobImmutableDueToPolicy');
    expect(await read(pinned)).toBe('model');
    expect((await pinned.getProperties()).immutabilityPolicyMode?.toLowerCase()).toBe('locked');
  },
  immutability,
);

conform(
  ['Put Blob', 'Set Blob Immutability Policy', 'Delete Blob Immutability Policy'],
  'an unlocked policy may be shortened and removed',
  async () => {
    const blob = await versionedBlob();
    await blob.upload('model', 5, {
      immutabilityPolicy: { expiriesOn: inSeconds(3600), policyMode: 'Unlocked' },
    });
    expect(await refusal(blob.setMetadata({ a: '1' }))).toBe('409 BlobImmutableDueToPolicy');
    await blob.setImmutabilityPolicy({ expiriesOn: inSeconds(600), policyMode: 'Unlocked' });
    await blob.deleteImmutabilityPolicy();
    expect(await refusal(blob.setMetadata({ a: '1' }))).toBe('ok');
  },
  immutability,
);

conform(
  ['Set Blob Legal Hold', 'Delete Blob', 'Get Blob Properties'],
  'a legal hold keeps its version for as long as it lasts',
  async () => {
    const blob = await versionedBlob();
    const { versionId = '' } = await blob.upload('model', 5, { legalHold: true });
    await blob.delete();
    const old = blob.withVersion(versionId);
    expect((await old.getProperties()).legalHold).toBe(true);
    expect(await refusal(old.delete())).toBe('409 BlobImmutableDueToPolicy');
    await old.setLegalHold(false);
    expect(await refusal(old.delete())).toBe('ok');
  },
  immutability,
);
