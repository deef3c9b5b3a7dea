import { isIsolated } from '../conditions.ts';
import { at, itemsOf } from '../evaluate/access.ts';
import { known, show } from '../evaluate/value.ts';
import { deployed, equals, oneOf, propertyRule } from '../property-rule.ts';
import type { Rule } from '../rule.ts';

const account = 'Microsoft.DocumentDB/databaseAccounts';
const checklist = '5 Cosmos DB';

const accountRule = (
  id: string,
  path: string,
  expect: ReturnType<typeof equals>,
  title: string,
  fix: string,
): Rule => propertyRule({ id, checklist, title, fix, type: account, path: `properties.${path}`, expect });

export const cosmosRules: readonly Rule[] = [
  accountRule(
    'cosmos-no-local-auth',
    'disableLocalAuth',
    equals(true, false),
    'Cosmos DB takes Entra identities only.',
    'Set disableLocalAuth to true.',
  ),
  accountRule(
    'cosmos-no-key-metadata',
    'disableKeyBasedMetadataWriteAccess',
    equals(true, false),
    'No key changes databases or containers.',
    'Set disableKeyBasedMetadataWriteAccess to true.',
  ),
  accountRule(
    'cosmos-tls',
    'minimalTlsVersion',
    equals('Tls12', 'Tls'),
    'Cosmos DB speaks TLS 1.2 or newer.',
    "Set minimalTlsVersion to 'Tls12'.",
  ),
  accountRule(
    'cosmos-no-bypass',
    'networkAclBypass',
    equals('None', 'AzureServices'),
    'No service of Azure passes the firewall of Cosmos DB by being of Azure.',
    "Set networkAclBypass to 'None'.",
  ),
  accountRule(
    'cosmos-continuous-backup',
    'backupPolicy.type',
    equals('Continuous', 'Periodic'),
    'The ledger can be restored to any moment of the last weeks.',
    "Set backupPolicy.type to 'Continuous'.",
  ),
  accountRule(
    'cosmos-consistency',
    'consistencyPolicy.defaultConsistencyLevel',
    oneOf(['Strong', 'BoundedStaleness'], 'Session'),
    'The ledger is strongly consistent or bounded in its staleness.',
    "Set defaultConsistencyLevel to 'Strong' or 'BoundedStaleness'.",
  ),
  accountRule(
    'cosmos-one-write-region',
    'enableMultipleWriteLocations',
    equals(false, true),
    'The ledger is written in one region: compare-and-swap needs one order.',
    'Set enableMultipleWriteLocations to false.',
  ),
  propertyRule({
    id: 'cosmos-no-public-network',
    checklist: '8 Network',
    title: 'With network isolation Cosmos DB is off the public network.',
    fix: "Set publicNetworkAccess to 'Disabled' when networkIsolation is true.",
    type: account,
    path: 'properties.publicNetworkAccess',
    expect: equals('Disabled', 'Enabled'),
    where: (_instance, deployment) => isIsolated(deployment),
  }),
  {
    id: 'cosmos-no-delete',
    checklist,
    title: 'No role of Cosmos DB deletes documents, or allows more than is named.',
    fix: 'Name each data action; leave out items/delete and every wildcard.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/cosmos-roles.bicep',
        find: /containers\/items\/upsert'/,
        by: "containers/items/*'",
      },
    ],
    check({ deployment }) {
      const definitions = deployed(deployment, `${account}/sqlRoleDefinitions`);
      const findings = definitions.flatMap((definition) => {
        const permissions = itemsOf(at(definition.body, 'properties.permissions'));
        const actions = permissions?.map((permission) => itemsOf(at(permission, 'dataActions')));
        if (actions === undefined || actions.some((list) => list === undefined)) {
          return [{ place: definition.place, message: 'the data actions cannot be known' }];
        }
        return actions
          .flatMap((list) => list ?? [])
          .filter(
            (action) => !/^[\w./]+$/.test(String(known(action))) || String(known(action)).endsWith('/delete'),
          )
          .map((action) => ({ place: action.place ?? definition.place, message: `allows ${show(action)}` }));
      });
      return { subjects: definitions.length, findings };
    },
  },
  {
    id: 'cosmos-container-scope',
    checklist,
    title: 'Rights on the ledger are on single containers.',
    fix: 'Set the scope to …/dbs/{database}/colls/{container}.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/cosmos-roles.bicep',
        find: /\/colls\/audit'/,
        by: "'",
      },
    ],
    check({ deployment }) {
      const assignments = deployed(deployment, `${account}/sqlRoleAssignments`);
      const findings = assignments.flatMap((assignment) => {
        const scope = at(assignment.body, 'properties.scope');
        if (scope !== undefined && /\/dbs\/[^/]+\/colls\/[\w-]+'?$/.test(show(scope))) return [];
        return [{ place: scope?.place ?? assignment.place, message: 'the scope is not one container' }];
      });
      return { subjects: assignments.length, findings };
    },
  },
];
