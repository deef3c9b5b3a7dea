/** Who is assigned which role of Azure on what: shared/domain/access.ts, and what the Functions host needs itself. */
import {
  aggregatorGrants,
  coordinatorGrants,
  type DataAction,
  type Grant,
  siloGrants,
} from '../../shared/domain/access.ts';
import { type AzureRole, type BuiltInRole, rolesFor } from './azure-roles.ts';

export const identities = ['host', 'coordinator', 'aggregator', 'silo'] as const;
export type Identity = (typeof identities)[number];

/** Stands for any silo in names: `silo-{silo}`. */
export const anySilo = '{silo}';
/** Accounts and vaults as scopes name them here. */
export const symbolicTopology = {
  modelsAccount: 'models',
  updatesAccount: 'updates',
  coordinatorVault: 'coordinator',
  silos: [{ silo: anySilo, vault: 'silo' }],
} as const;

export interface Assignment {
  readonly identity: Identity;
  readonly role: AzureRole;
  /** As in shared/domain/access.ts; of the host also `storage/host`, `telemetry`, `taskhub`. */
  readonly scope: string;
  /** Where it is made: with the coordinator, with each silo's place at the coordinator, or by the silo itself. */
  readonly place: 'coordinator' | 'roster' | 'silo';
  /** Made only where this backend keeps durable state. */
  readonly onlyWith?: 'storage' | 'dts';
}

function grantsOf(identity: Identity): Grant[] {
  switch (identity) {
    case 'coordinator':
      return coordinatorGrants(symbolicTopology);
    case 'aggregator':
      return aggregatorGrants(symbolicTopology);
    case 'silo':
      return siloGrants(symbolicTopology, anySilo, 'silo');
    case 'host':
      return [];
  }
}

export function placeOf(identity: Identity, scope: string): Assignment['place'] {
  if (scope.startsWith('keyvault/silo/')) return 'silo';
  return identity === 'silo' || scope.includes(anySilo) ? 'roster' : 'coordinator';
}

/** Models and updates; the host's own account is not meant. */
export const isBlobScope = (scope: string): boolean => scope.startsWith('blob/');

function assignmentsOf(identity: Identity): Assignment[] {
  const byScope = new Map<string, Set<DataAction>>();
  for (const { scope, action } of grantsOf(identity)) {
    byScope.set(scope, (byScope.get(scope) ?? new Set()).add(action));
  }
  return [...byScope].flatMap(([scope, actions]) =>
    rolesFor(actions).map((role) => ({ identity, role, scope, place: placeOf(identity, scope) })),
  );
}

const hostRole = (symbol: string, id: string, name: string): BuiltInRole => {
  return { kind: 'built-in', symbol, id, name, covers: [] };
};

/** Of the Functions host: no right on anything that an experiment holds. */
const hostAssignments: readonly Assignment[] = [
  {
    identity: 'host',
    role: hostRole('blobOwner', 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b', 'Storage Blob Data Owner'),
    scope: 'storage/host',
    place: 'coordinator',
  },
  {
    identity: 'host',
    role: hostRole(
      'queueContributor',
      '974c5e8b-45b9-4653-ba55-5f855dd0fb88',
      'Storage Queue Data Contributor',
    ),
    scope: 'storage/host',
    place: 'coordinator',
    onlyWith: 'storage',
  },
  {
    identity: 'host',
    role: hostRole(
      'tableContributor',
      '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
      'Storage Table Data Contributor',
    ),
    scope: 'storage/host',
    place: 'coordinator',
    onlyWith: 'storage',
  },
  {
    identity: 'host',
    role: hostRole(
      'metricsPublisher',
      '3913510d-42f4-4e42-8a64-420c390055eb',
      'Monitoring Metrics Publisher',
    ),
    scope: 'telemetry',
    place: 'coordinator',
  },
  {
    identity: 'host',
    role: hostRole(
      'durableTaskContributor',
      '0ad04412-c4d5-4796-b79c-f76d14c8d402',
      'Durable Task Data Contributor',
    ),
    scope: 'taskhub',
    place: 'coordinator',
    onlyWith: 'dts',
  },
];

/** @throws if a grant cannot be given by roles of Azure. */
export function allAssignments(): Assignment[] {
  return [...hostAssignments, ...identities.flatMap(assignmentsOf)];
}
