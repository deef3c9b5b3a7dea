/** One table of rights: what Azure is told, what the embedded cloud enforces and what the page says are the same. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePortBase } from '../../cli/up/free-ports.ts';
import { rolesFor } from '../../infra/roles/azure-roles.ts';
import { rightsOf } from '../../infra/roles/rights-of-templates.ts';
import { staleFiles } from '../../infra/roles/write.ts';
import { expand } from '../../infra/rules/evaluate/deployment.ts';
import { literal } from '../../infra/rules/evaluate/value.ts';
import { templatesOf } from '../../infra/rules/repository.ts';
import { accounts, cloudDirectories, coordinatorVault, siloVault } from '../../local/cloud/directories.ts';
import { type Cloud, startCloud } from '../../local/cloud/start-cloud.ts';
import { ensureTlsMaterial } from '../../local/core/tls.ts';
import type { Grant } from '../../shared/domain/access.ts';
import { repositoryRoot } from '../docs/repository.ts';

const silos = ['a', 'b'] as const;
const templates = templatesOf(repositoryRoot);

/** Rights by identity in the words of the table, sorted. */
function inWords(grants: readonly Grant[]): string[] {
  return grants.map(({ action, scope }) => `${action} ${scope}`).toSorted();
}

/** The generated modules, deployed on paper for the embedded cloud's accounts, vaults and two silos. */
function rightsInAzure(): Map<string, Grant[]> {
  const deployed = (entry: string, given: Readonly<Record<string, string>>) => {
    const values = new Map(Object.entries(given).map(([name, value]) => [name, literal(value)]));
    const deployment = expand({ name: entry, entry, isDefault: false, given: values }, templates);
    expect(deployment.faults).toEqual([]);
    return [...rightsOf(deployment)];
  };
  const shared = { coordinatorPrincipalId: 'coordinator', serviceBusNamespaceName: 'bus' };
  const all = [
    ...deployed('infra/modules/roles.bicep', {
      ...shared,
      hostPrincipalId: 'host',
      hostAccountName: 'host',
      vaultName: coordinatorVault,
      planSigningKeyName: 'plan-signing',
      applicationInsightsName: 'insights',
      schedulerName: '',
      taskHubName: '',
    }),
    ...deployed('infra/modules/blob-roles.bicep', {
      coordinatorPrincipalId: 'coordinator',
      aggregatorPrincipalId: 'aggregator',
      modelsAccountName: accounts.models,
      updatesAccountName: accounts.updates,
    }),
    ...deployed('infra/modules/cosmos-roles.bicep', {
      cosmosAccountName: 'ledger',
      databaseName: 'tributary',
      coordinatorPrincipalId: 'coordinator',
    }),
    ...silos.flatMap((silo) => [
      ...deployed('infra/roster/modules/roles.bicep', {
        ...shared,
        silo,
        siloPrincipalId: `silo-${silo}`,
        aggregatorPrincipalId: 'aggregator',
        updatesAccountName: accounts.updates,
      }),
      ...deployed('infra/silo/modules/roles.bicep', {
        vaultName: siloVault(silo),
        kekName: 'kek',
        sigName: 'sig',
        agentPrincipalId: `silo-${silo}`,
        aggregatorPrincipalId: 'aggregator',
      }),
    ]),
  ];
  const rights = new Map<string, Grant[]>();
  for (const [principal, grants] of all) rights.set(principal, [...(rights.get(principal) ?? []), ...grants]);
  return rights;
}

let dataDir: string;
let cloud: Cloud;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tributary-test-roles-'));
  const tls = await ensureTlsMaterial(cloudDirectories(dataDir).tls);
  cloud = await startCloud({ dataDir, portBase: await freePortBase(), tls });
  for (const silo of silos) await cloud.ensureSilo(silo);
});

afterAll(async () => {
  await cloud.close();
  await rm(dataDir, { recursive: true, force: true });
});

describe('role assignments', () => {
  it('are those that the table of rights generates', () => {
    expect(staleFiles()).toEqual([]);
  });

  it.each(['coordinator', 'aggregator', 'silo-a', 'silo-b'])(
    'give %s in Azure exactly what the embedded cloud lets it do',
    (identity) => {
      const enforced = cloud.identity.identities().find(({ name }) => name === identity)?.grants ?? [];
      expect(inWords(rightsInAzure().get(identity) ?? [])).toEqual(inWords(enforced));
      expect(enforced.length).toBeGreaterThan(0);
    },
  );

  it('give the host nothing that an experiment holds', () => {
    expect(rightsInAzure().get('host')).toEqual([]);
  });
});

describe('a right that no role of Azure gives alone', () => {
  it('cannot be generated', () => {
    expect(() => rolesFor(new Set(['blob/write']))).toThrow('no role of Azure grants exactly blob/write');
    expect(() => rolesFor(new Set(['keys/unwrap']))).toThrow('keys/unwrap');
  });
});
