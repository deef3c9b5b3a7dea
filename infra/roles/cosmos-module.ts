/** Cosmos DB has role definitions and assignments of its own, on single containers. */
import type { Assignment } from './assignments.ts';
import { capitalised, header, parameter } from './bicep-text.ts';

const type = 'Microsoft.DocumentDB/databaseAccounts';
const apiVersion = '2025-10-15';

/** @throws if a role of Cosmos DB is granted on anything but a container. */
export function cosmosRolesModule(assignments: readonly Assignment[]): string {
  const grants = assignments.filter(({ role }) => role.kind === 'cosmos');
  const definitions = new Map(grants.map(({ role }) => [role.symbol, role]));
  return [
    header('What the coordinator may do with the ledger: read, create, replace; delete nothing.'),
    parameter('cosmosAccountName', 'Cosmos DB account.'),
    parameter('databaseName', 'Database in it.'),
    parameter('coordinatorPrincipalId', 'Identity of the coordinator.'),
    `resource account '${type}@${apiVersion}' existing = {\n  name: cosmosAccountName\n}\n`,
    ...[...definitions.values()].map((role) => {
      const actions = role.kind === 'cosmos' ? role.dataActions : [];
      return `resource ${role.symbol} '${type}/sqlRoleDefinitions@${apiVersion}' = {
  parent: account
  name: guid(account.id, '${role.symbol}')
  properties: {
    roleName: '${role.name}'
    type: 'CustomRole'
    assignableScopes: [
      account.id
    ]
    permissions: [
      {
        dataActions: [
${actions.map((action) => `          '${action}'`).join('\n')}
        ]
      }
    ]
  }
}
`;
    }),
    ...grants.map((grant) => sqlRoleAssignment(grant)),
  ].join('\n');
}

function sqlRoleAssignment({ identity, role, scope }: Assignment): string {
  const [service, container, ...rest] = scope.split('/');
  if (service !== 'cosmos' || container === undefined || container === '*' || rest.length > 0) {
    throw new Error(`a role of Cosmos DB is for one container, not ${scope}`);
  }
  return `// ${identity}: ${role.name} on ${container}
resource ${identity}${capitalised(role.symbol)}On${capitalised(container)} '${type}/sqlRoleAssignments@${apiVersion}' = {
  parent: account
  name: guid(account.id, ${identity}PrincipalId, '${role.symbol}', '${container}')
  properties: {
    principalId: ${identity}PrincipalId
    roleDefinitionId: ${role.symbol}.id
    scope: '\${account.id}/dbs/\${databaseName}/colls/${container}'
  }
}
`;
}
