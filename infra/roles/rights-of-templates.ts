/** What the role assignments of a deployment allow, in the words of the table of rights. */
import type { DataAction, Grant } from '../../shared/domain/access.ts';
import { at } from '../rules/evaluate/access.ts';
import type { Deployment } from '../rules/evaluate/deployment.ts';
import { type Instance, known, show } from '../rules/evaluate/value.ts';
import { nameOf } from '../rules/property-rule.ts';
import { type AzureRole, azureRoles } from './azure-roles.ts';

const assignmentTypes = [
  'Microsoft.Authorization/roleAssignments',
  'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments',
];
const roles: readonly AzureRole[] = azureRoles;

/** Principal, as the deployment was given it, to its grants. Roles that are not of the table are left out. */
export function rightsOf({ instances }: Deployment): Map<string, Grant[]> {
  const rights = new Map<string, Grant[]>();
  for (const instance of instances.filter(({ type }) => assignmentTypes.includes(type))) {
    const principal = String(
      known(at(instance.body, 'properties.principalId') ?? { kind: 'unknown', text: '' }),
    );
    const grants = actionsOf(instance).map((action) => ({ action, scope: scopeOf(instance) }));
    rights.set(principal, [...(rights.get(principal) ?? []), ...grants]);
  }
  return rights;
}

/** By the id of the built-in role, or by the symbol that a custom role's id is made of. */
function actionsOf({ body }: Instance): readonly DataAction[] {
  const id = at(body, 'properties.roleDefinitionId');
  const text = id === undefined ? '' : show(id);
  const role = roles.find((one) => text.includes(one.kind === 'built-in' ? one.id : one.symbol));
  return role?.covers ?? [];
}

function scopeOf({ body, type }: Instance): string {
  if (type === assignmentTypes[1]) {
    return `cosmos/${/\/colls\/([\w-]+)/.exec(show(at(body, 'properties.scope') ?? body))?.[1] ?? '?'}`;
  }
  const scope = at(body, 'scope');
  if (scope?.kind !== 'resource') return '?';
  const { instance } = scope;
  const name = nameOf(instance) ?? '?';
  switch (instance.type) {
    case 'Microsoft.ServiceBus/namespaces/queues':
      return `servicebus/queues/${name}`;
    case 'Microsoft.KeyVault/vaults/keys':
      return `keyvault/${parentName(instance, 1)}/keys/${name}`;
    case 'Microsoft.Storage/storageAccounts/blobServices/containers':
      return `blob/${parentName(instance, 2)}/${name}`;
    case 'Microsoft.Storage/storageAccounts':
      return `blob/${name}/*`;
    default:
      return instance.type;
  }
}

function parentName(instance: Instance, levels: number): string {
  let found: Instance | undefined = instance;
  for (let level = 0; level < levels; level += 1) found = found?.parent;
  return (found === undefined ? undefined : nameOf(found)) ?? '?';
}
