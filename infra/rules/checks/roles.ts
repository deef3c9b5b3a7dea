import { at, itemsOf } from '../evaluate/access.ts';
import { type Instance, known, optionsOf, show, type Value } from '../evaluate/value.ts';
import { deployed, equals, propertyRule } from '../property-rule.ts';
import type { Rule } from '../rule.ts';

const assignment = 'Microsoft.Authorization/roleAssignments';
const definition = 'Microsoft.Authorization/roleDefinitions';
const sqlAssignment = 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments';
const sqlDefinition = 'Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions';
const checklist = '10 Policy';

/** Generated from the table of rights; compared with it byte by byte by `npm run generate:roles -- --check`. */
const generated = [
  'infra/modules/roles.bicep',
  'infra/modules/blob-roles.bicep',
  'infra/modules/cosmos-roles.bicep',
  'infra/roster/modules/roles.bicep',
  'infra/silo/modules/roles.bicep',
];

/** The widest that a role may be assigned on. */
const narrow = [
  'Microsoft.Storage/storageAccounts',
  'Microsoft.Storage/storageAccounts/blobServices/containers',
  'Microsoft.ServiceBus/namespaces/queues',
  'Microsoft.KeyVault/vaults/keys',
  'Microsoft.Insights/components',
  'Microsoft.DurableTask/schedulers/taskHubs',
];

export const roleRules: readonly Rule[] = [
  {
    id: 'roles-from-the-table',
    checklist,
    title: 'Roles are assigned and defined in the generated modules only.',
    fix: 'Add the right to shared/domain/access.ts or infra/roles, and run npm run generate:roles.',
    mutations: [
      {
        kind: 'append',
        path: 'infra/modules/vault.bicep',
        text: "resource extra 'Microsoft.Authorization/roleAssignments@2022-04-01' = {\n  name: guid(planSigningKey.id)\n  scope: planSigningKey\n  properties: {\n    principalId: location\n    principalType: 'ServicePrincipal'\n    roleDefinitionId: location\n  }\n}",
      },
      {
        kind: 'append',
        path: 'infra/modules/ledger.bicep',
        text: "resource extra 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-10-15' = {\n  parent: account\n  name: guid(account.id)\n  properties: {\n    principalId: location\n    roleDefinitionId: location\n    scope: '${account.id}/dbs/x/colls/audit'\n  }\n}",
      },
    ],
    check({ deployment }) {
      const types = [assignment, definition, sqlAssignment, sqlDefinition];
      const subjects = types.flatMap((type) => deployed(deployment, type));
      const findings = subjects
        .filter(({ place }) => !generated.includes(place.path))
        .map(({ place, type }) => ({ place, message: `${type} outside the generated modules` }));
      return { subjects: subjects.length, findings };
    },
  },
  {
    id: 'roles-on-narrow-scopes',
    checklist,
    title: 'Roles are on single queues, containers, keys; never on a group, a namespace or a vault.',
    fix: 'Set scope to the one resource that the right is about.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/roles.bicep',
        find: /scope: updatesQueue/,
        by: 'scope: namespace',
      },
      {
        kind: 'replace',
        path: 'infra/silo/modules/roles.bicep',
        find: /(keyReaderName\)\n) {2}scope: kek\n/,
        by: '$1',
      },
    ],
    check({ deployment }) {
      const subjects = deployed(deployment, assignment);
      const findings = subjects.flatMap(({ body, place }) => {
        const scope = at(body, 'scope');
        const isNarrow =
          scope !== undefined &&
          optionsOf(scope).every(
            (option) => option.kind === 'resource' && narrow.includes(option.instance.type),
          );
        if (isNarrow) return [];
        return [{ place, message: scope === undefined ? 'on the resource group' : `on ${typeOf(scope)}` }];
      });
      return { subjects: subjects.length, findings };
    },
  },
  propertyRule({
    id: 'roles-for-services',
    checklist,
    title: 'The templates give roles to services, never to people or groups.',
    fix: "Set principalType to 'ServicePrincipal'.",
    type: assignment,
    path: 'properties.principalType',
    expect: equals('ServicePrincipal', 'User'),
  }),
  {
    id: 'blob-reads-do-not-list',
    checklist: '3 Blob rights',
    title: 'Who reads blobs does not list them: the assignment has the condition.',
    fix: 'Set condition and conditionVersion on the assignment.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/blob-roles.bicep',
        find: /SubOperationMatches/,
        by: 'ActionMatches',
      },
      { kind: 'replace', path: 'infra/roster/modules/roles.bicep', find: / +condition: .*\n/, by: '' },
    ],
    check({ deployment }) {
      const subjects = deployed(deployment, assignment).filter(({ symbol }) => symbol.includes('BlobReader'));
      const findings = subjects
        .filter(({ body }) => {
          const condition = at(body, 'properties.condition');
          return condition === undefined || !show(condition).includes("SubOperationMatches{'Blob.List'}");
        })
        .map(({ place }) => ({ place, message: 'lists the container as well' }));
      return { subjects: subjects.length, findings };
    },
  },
  {
    id: 'own-roles-are-narrow',
    checklist,
    title: 'Our own roles name each data action and manage nothing; the one that deletes does nothing else.',
    fix: 'Name single data actions; leave actions empty.',
    mutations: [
      { kind: 'replace', path: 'infra/modules/roles.bicep', find: /actions: \[\]/, by: "actions: ['*']" },
      { kind: 'replace', path: 'infra/silo/modules/roles.bicep', find: /keys\/sign\/action/, by: 'keys/*' },
      {
        kind: 'replace',
        path: 'infra/modules/blob-roles.bicep',
        find: /blobs\/add\/action/,
        by: 'blobs/delete',
      },
    ],
    check({ deployment }) {
      const subjects = deployed(deployment, definition);
      return { subjects: subjects.length, findings: subjects.filter(isWide).map(finding) };
    },
  },
  {
    id: 'only-shards-are-deleted',
    checklist: '3 Blob rights',
    title:
      'Blobs are deleted in the container `shards` alone, which holds what an aggregation is made of under way.',
    fix: 'Assign the blob remover on the container `shards` only.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/blob-roles.bicep',
        find: /(blobRemoverName\)\n) {2}scope: shardsContainer/,
        by: '$1  scope: modelsContainer',
      },
    ],
    check({ deployment }) {
      const subjects = deployed(deployment, assignment).filter(({ symbol }) =>
        symbol.includes('BlobRemover'),
      );
      const findings = subjects
        .filter(({ body }) => {
          const scope = at(body, 'scope');
          const places = scope === undefined ? [] : optionsOf(scope);
          const isShards = (place: Value) =>
            place.kind === 'resource' && place.instance.symbol === 'shardsContainer';
          return places.length === 0 || !places.every(isShards);
        })
        .map(({ place }) => ({ place, message: 'deletes blobs of other containers' }));
      return { subjects: subjects.length, findings };
    },
  },
];

const finding = ({ place }: Instance) => ({ place, message: 'allows more than named data actions' });

function isWide({ body }: Instance): boolean {
  const permissions = itemsOf(at(body, 'properties.permissions'));
  if (permissions === undefined || permissions.length === 0) return true;
  return permissions.some((permission) => {
    const actions = itemsOf(at(permission, 'actions'));
    const dataActions = itemsOf(at(permission, 'dataActions'));
    if (actions === undefined || actions.length > 0 || dataActions === undefined) return true;
    const names = dataActions.map((action) => String(known(action)));
    return names.some((name) => !/^[\w./]+$/.test(name) || (name.endsWith('/delete') && names.length > 1));
  });
}

function typeOf(scope: Value): string {
  return optionsOf(scope)
    .map((option) => (option.kind === 'resource' ? option.instance.type : show(option)))
    .join(' or ');
}
