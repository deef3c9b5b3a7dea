import { describe, expect, it } from 'vitest';
import {
  aggregatorGrants,
  coordinatorGrants,
  covers,
  type Grant,
  siloGrants,
} from '../../shared/domain/access.ts';

const topology = {
  modelsAccount: 'models',
  updatesAccount: 'updates',
  coordinatorVault: 'coordinator',
  silos: [
    { silo: 'a', vault: 'vault-a' },
    { silo: 'a-b', vault: 'vault-a-b' },
  ],
};
const scopesOf = (grants: readonly Grant[], action: string) =>
  grants.filter((grant) => grant.action === action).map(({ scope }) => scope);

describe('a grant', () => {
  it('covers exactly its scope and its action', () => {
    const grant: Grant = { action: 'blob/read', scope: 'blob/acc/box' };
    expect(covers(grant, 'blob/read', 'blob/acc/box')).toBe(true);
    expect(covers(grant, 'blob/list', 'blob/acc/box')).toBe(false);
    expect(covers(grant, 'blob/read', 'blob/acc/box2')).toBe(false);
    expect(covers(grant, 'blob/read', 'blob/acc')).toBe(false);
    expect(covers(grant, 'blob/read', 'blob/acc/*')).toBe(false);
  });

  it('with a star covers what lies under it, and no neighbour whose name begins alike', () => {
    const grant: Grant = { action: 'keys/read', scope: 'keyvault/v/keys/*' };
    expect(covers(grant, 'keys/read', 'keyvault/v/keys/kek')).toBe(true);
    expect(covers(grant, 'keys/read', 'keyvault/v/keys')).toBe(false);
    expect(covers(grant, 'keys/read', 'keyvault/v2/keys/kek')).toBe(false);
    const account: Grant = { action: 'blob/read', scope: 'blob/acc/*' };
    expect(covers(account, 'blob/read', 'blob/account/box')).toBe(false);
  });
});

describe('the table of grants', () => {
  it('lets a silo receive from its own queue only, though another name begins alike', () => {
    const grants = siloGrants(topology, 'a', 'vault-a');
    expect(scopesOf(grants, 'servicebus/receive')).toEqual(['servicebus/queues/silo-a']);
    expect(scopesOf(grants, 'servicebus/send')).toEqual([
      'servicebus/queues/updates',
      'servicebus/queues/signals',
    ]);
    expect(scopesOf(grants, 'blob/create')).toEqual(['blob/updates/updates-a']);
    expect(scopesOf(grants, 'keys/unwrap')).toEqual([]);
  });

  it('lets only the aggregator unwrap, and it write nowhere but among its own shards', () => {
    const grants = aggregatorGrants(topology);
    expect(scopesOf(grants, 'keys/unwrap')).toEqual([
      'keyvault/vault-a/keys/kek',
      'keyvault/vault-a-b/keys/kek',
    ]);
    expect(new Set(grants.map(({ action }) => action))).toEqual(
      new Set(['keys/unwrap', 'keys/read', 'blob/read', 'blob/create', 'blob/delete']),
    );
    expect(scopesOf(grants, 'blob/create')).toEqual(['blob/updates/shards']);
    expect(scopesOf(grants, 'blob/delete')).toEqual(['blob/updates/shards']);
    expect(scopesOf(coordinatorGrants(topology), 'keys/unwrap')).toEqual([]);
  });

  it('lets nobody overwrite blobs, delete any but shards, list containers, or manage keys', () => {
    const all = [
      ...coordinatorGrants(topology),
      ...aggregatorGrants(topology),
      ...topology.silos.flatMap(({ silo, vault }) => siloGrants(topology, silo, vault)),
    ];
    for (const action of ['blob/write', 'blob/list', 'keys/manage']) {
      expect(scopesOf(all, action), action).toEqual([]);
    }
    expect(scopesOf(all, 'blob/delete')).toEqual(['blob/updates/shards']);
  });
});
