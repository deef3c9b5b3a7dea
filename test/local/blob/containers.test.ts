import { describe, expect, it } from 'vitest';
import { ACCOUNT, startTestBlob } from './fixture.ts';

describe('containers', () => {
  it('are made once and keep to their versioning', async () => {
    const cloud = await startTestBlob();
    await cloud.service.ensureContainer(ACCOUNT, 'box');
    await Promise.all([1, 2, 3].map(() => cloud.service.ensureContainer(ACCOUNT, 'twice')));
    await cloud.service.ensureContainer(ACCOUNT, 'box');
    await expect(cloud.service.ensureContainer(ACCOUNT, 'box', { versioning: true })).rejects.toThrow(
      /exists/,
    );
    await expect(cloud.service.ensureContainer(ACCOUNT, 'No_Name')).rejects.toThrow(/no container name/);
    await expect(cloud.service.ensureContainer('other', 'box')).rejects.toThrow(/no storage account/);
  });
});
