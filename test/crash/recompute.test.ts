import { describe, expect, it } from 'vitest';
import { faultsOf } from './recompute.ts';

const sound = {
  version: 2,
  published: 'a'.repeat(64),
  recomputed: 'a'.repeat(64),
  frozenSetPublished: true,
  silos: ['silo-1', 'silo-3'],
  admitted: ['silo-1', 'silo-3'],
};

describe('the check of a recomputed version', () => {
  it('accepts what its frozen set makes', () => {
    expect(faultsOf(sound, 2)).toEqual([]);
  });

  it.each([
    [{ recomputed: 'b'.repeat(64) }, 'version 2 is not what its frozen set makes'],
    [{ frozenSetPublished: false }, 'version 2 names another frozen set than its round'],
    [{ silos: ['silo-1', 'silo-2'] }, 'version 2 froze silo-1,silo-2; admitted were silo-1,silo-3'],
    [{ silos: ['silo-3'], admitted: ['silo-3'] }, 'version 2 was made below quorum'],
  ])('finds %j', (change, fault) => {
    expect(faultsOf({ ...sound, ...change }, 2)).toEqual([fault]);
  });

  it('lets version 0 come from one silo', () => {
    expect(faultsOf({ ...sound, version: 0, silos: ['silo-1'], admitted: ['silo-1'] }, 2)).toEqual([]);
  });
});
