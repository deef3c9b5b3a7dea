/** The five generated modules, whose parameters infra/roles.contract.md lists. */
import { type Assignment, allAssignments, type Identity, isBlobScope } from './assignments.ts';
import type { AzureRole, CustomRole } from './azure-roles.ts';
import {
  existingResource,
  header,
  parameter,
  roleAssignment,
  roleDefinition,
  roleIdVariable,
} from './bicep-text.ts';
import { cosmosRolesModule } from './cosmos-module.ts';
import { targetOf, withParents } from './targets.ts';

interface ModuleShape {
  readonly about: string;
  readonly parameters: readonly (readonly [name: string, description: string])[];
  readonly principals: Readonly<Partial<Record<Identity, string>>>;
  /** Principals whose parameter may be empty. */
  readonly optional: readonly Identity[];
  /** Custom definitions are made here, or by the module that the coordinator's deployment has made them in. */
  readonly ownDefinitions: boolean;
}

const blobShape: ModuleShape = {
  about: "What the coordinator's identities may do with blobs; with a silo's updates: infra/roster.",
  parameters: [
    ['coordinatorPrincipalId', 'Identity of the coordinator.'],
    ['aggregatorPrincipalId', 'Identity of the aggregator.'],
    ['modelsAccountName', 'Storage account with containers `models` and `rounds`.'],
    ['updatesAccountName', 'Storage account with container `shards`, and those of silos.'],
  ],
  principals: { coordinator: 'coordinatorPrincipalId', aggregator: 'aggregatorPrincipalId' },
  optional: [],
  ownDefinitions: true,
};

const coordinatorShape: ModuleShape = {
  about: "What the coordinator's identities may do, but for blobs and the ledger.",
  parameters: [
    ['hostPrincipalId', 'Identity of the Functions host.'],
    ['coordinatorPrincipalId', 'Identity of the coordinator.'],
    ['hostAccountName', 'Storage account of the Functions host.'],
    ['serviceBusNamespaceName', 'Namespace with queues `updates` and `signals`.'],
    ['vaultName', 'Vault of the coordinator; empty when the key is in a Managed HSM.'],
    ['planSigningKeyName', 'Key that signs plans.'],
    ['applicationInsightsName', 'Component that the host publishes to.'],
    ['schedulerName', 'Durable Task scheduler; empty when durable state is in storage.'],
    ['taskHubName', 'Task hub of that scheduler; empty likewise.'],
  ],
  principals: { host: 'hostPrincipalId', coordinator: 'coordinatorPrincipalId' },
  optional: [],
  ownDefinitions: true,
};

const rosterShape: ModuleShape = {
  about: 'What one silo may do at the coordinator, and the coordinator with what is for that silo.',
  parameters: [
    ['silo', 'Id of the silo.'],
    ['siloPrincipalId', "Object id, in this tenant, of the silo\\'s identity."],
    ['coordinatorPrincipalId', 'Identity of the coordinator.'],
    ['aggregatorPrincipalId', 'Identity of the aggregator.'],
    ['serviceBusNamespaceName', 'Namespace with the queues.'],
    ['updatesAccountName', "Storage account with the silo\\'s container."],
  ],
  principals: {
    silo: 'siloPrincipalId',
    coordinator: 'coordinatorPrincipalId',
    aggregator: 'aggregatorPrincipalId',
  },
  optional: [],
  ownDefinitions: false,
};

const siloShape: ModuleShape = {
  about: 'What a silo allows in its own vault: its agent, and the one right that it gives away.',
  parameters: [
    ['vaultName', "The silo\\'s vault."],
    ['kekName', 'Key that data keys are wrapped for.'],
    ['sigName', 'Key that signs replies.'],
    ['agentPrincipalId', "Identity of the silo\\'s agent."],
    ['aggregatorPrincipalId', 'Object id, in this tenant, of the aggregator; empty before it is known.'],
  ],
  principals: { silo: 'agentPrincipalId', aggregator: 'aggregatorPrincipalId' },
  optional: ['aggregator'],
  ownDefinitions: true,
};

function moduleText(shape: ModuleShape, assignments: readonly Assignment[]): string {
  const custom = customRoles(assignments.map(({ role }) => role));
  const existing = withParents(assignments.map(({ scope }) => targetOf(scope).existing));
  return [
    header(shape.about),
    ...shape.parameters.map(([name, description]) => parameter(name, description)),
    ...custom.map(roleIdVariable),
    ...(shape.ownDefinitions ? custom.map(roleDefinition) : []),
    ...existing.map(existingResource),
    ...assignments.map((assignment) =>
      roleAssignment(assignment, shape.principals, {
        ownDefinitions: shape.ownDefinitions,
        onlyIfPrincipal: shape.optional,
      }),
    ),
  ].join('\n');
}

/** What the coordinator's deployment assigns itself; it makes every definition that the roster assigns. */
function ofCoordinator(all: readonly Assignment[]): Assignment[] {
  const own = all.filter(({ place, role }) => place === 'coordinator' && role.kind !== 'cosmos');
  const missing = customRoles(all.filter(({ place }) => place === 'roster').map(({ role }) => role)).filter(
    ({ symbol }) => !own.some(({ role }) => role.symbol === symbol),
  );
  if (missing.length > 0) throw new Error('the roster assigns a role that the coordinator does not define');
  return own;
}

function customRoles(roles: readonly AzureRole[]): CustomRole[] {
  const custom = roles.filter((role) => role.kind === 'custom');
  return [...new Map(custom.map((role) => [role.symbol, role])).values()];
}

/** Path, relative to the repository, to text. */
export function roleModules(): Map<string, string> {
  const all = allAssignments();
  const at = (place: Assignment['place']) => all.filter((assignment) => assignment.place === place);
  return new Map([
    [
      'infra/modules/roles.bicep',
      moduleText(
        coordinatorShape,
        ofCoordinator(all).filter(({ scope }) => !isBlobScope(scope)),
      ),
    ],
    [
      'infra/modules/blob-roles.bicep',
      moduleText(
        blobShape,
        ofCoordinator(all).filter(({ scope }) => isBlobScope(scope)),
      ),
    ],
    ['infra/modules/cosmos-roles.bicep', cosmosRolesModule(at('coordinator'))],
    ['infra/roster/modules/roles.bicep', moduleText(rosterShape, at('roster'))],
    ['infra/silo/modules/roles.bicep', moduleText(siloShape, at('silo'))],
  ]);
}
