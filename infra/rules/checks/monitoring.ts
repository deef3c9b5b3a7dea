import { at, itemsOf } from '../evaluate/access.ts';
import type { Deployment } from '../evaluate/deployment.ts';
import { type Instance, known, optionsOf, show } from '../evaluate/value.ts';
import type { Mutation } from '../mutation.ts';
import { atLeast, deployed, equals, propertyRule, set } from '../property-rule.ts';
import type { Finding, Rule } from '../rule.ts';

const setting = 'Microsoft.Insights/diagnosticSettings';
const workspace = 'Microsoft.OperationalInsights/workspaces';
const checklist = '9 Logs';

/** Types of resources whose use has to be in the log, and the categories that have to be there. */
const logged: Readonly<Record<string, readonly string[]>> = {
  'Microsoft.ServiceBus/namespaces': ['OperationalLogs', 'RuntimeAuditLogs'],
  'Microsoft.DocumentDB/databaseAccounts': ['DataPlaneRequests', 'ControlPlaneRequests'],
  'Microsoft.KeyVault/vaults': ['AuditEvent'],
  'Microsoft.KeyVault/managedHSMs': ['AuditEvent'],
  'Microsoft.Storage/storageAccounts/blobServices': ['StorageRead', 'StorageWrite', 'StorageDelete'],
  'Microsoft.Web/sites': ['FunctionAppLogs'],
  'Microsoft.Network/networkSecurityGroups': ['NetworkSecurityGroupEvent'],
  [workspace]: ['Audit'],
};

function settingsOf(instance: Instance, deployment: Deployment): Instance[] {
  return deployed(deployment, setting).filter(({ body }) => {
    const scope = at(body, 'scope');
    return (
      scope !== undefined &&
      optionsOf(scope).some((one) => one.kind === 'resource' && one.instance === instance)
    );
  });
}

/** Categories that a setting turns on; a group of all logs turns on every one. */
function logs(instance: Instance, category: string): boolean {
  return (itemsOf(at(instance.body, 'properties.logs')) ?? []).some((log) => {
    const enabled = at(log, 'enabled');
    if (enabled === undefined || known(enabled) !== true) return false;
    const text = show(at(log, 'category') ?? at(log, 'categoryGroup') ?? log);
    return text === `'${category}'` || text === "'allLogs'";
  });
}

/** `log-key-vault`, `log-cosmos`: one rule for each type, so that a fault names the service. */
function logRule(id: string, type: string, title: string, mutations: readonly Mutation[]): Rule {
  const categories = logged[type] ?? [];
  return {
    id,
    checklist,
    title,
    fix: `Give it a diagnostic setting with ${categories.join(', ')}, enabled.`,
    mutations,
    check({ deployment }) {
      const subjects = deployed(deployment, type);
      const findings = subjects.flatMap((instance): Finding[] => {
        const settings = settingsOf(instance, deployment);
        const missing = categories.filter((category) => !settings.some((one) => logs(one, category)));
        if (missing.length === 0) return [];
        return [{ place: instance.place, message: `not logged: ${missing.join(', ')}` }];
      });
      return { subjects: subjects.length, findings };
    },
  };
}

const off = (path: string): Mutation => {
  return { kind: 'replace', path, find: /(logs: \[\s*\{[^}]*enabled: )true/, by: '$1false' };
};

export const monitoringRules: readonly Rule[] = [
  logRule('log-service-bus', 'Microsoft.ServiceBus/namespaces', 'Who uses Service Bus is logged.', [
    off('infra/modules/messaging.bicep'),
  ]),
  logRule(
    'log-cosmos',
    'Microsoft.DocumentDB/databaseAccounts',
    'Who reads and writes the ledger is logged.',
    [off('infra/modules/ledger.bicep')],
  ),
  logRule('log-vault', 'Microsoft.KeyVault/vaults', 'Every use of a key is logged.', [
    off('infra/modules/vault.bicep'),
    off('infra/silo/modules/vault.bicep'),
  ]),
  logRule('log-hsm', 'Microsoft.KeyVault/managedHSMs', 'Every use of a key of a Managed HSM is logged.', [
    off('infra/modules/managed-hsm.bicep'),
  ]),
  logRule(
    'log-blobs',
    'Microsoft.Storage/storageAccounts/blobServices',
    'Who reads, writes and deletes blobs is logged.',
    [off('infra/modules/storage-account.bicep')],
  ),
  logRule('log-app', 'Microsoft.Web/sites', 'What the app does is logged.', [
    off('infra/modules/host.bicep'),
  ]),
  logRule(
    'log-security-groups',
    'Microsoft.Network/networkSecurityGroups',
    'What the security groups let through or stop is logged.',
    [off('infra/modules/security-groups.bicep')],
  ),
  logRule('log-the-log', workspace, 'Who reads the logs is logged.', [
    off('infra/modules/logs.bicep'),
    off('infra/silo/modules/logs.bicep'),
  ]),
  propertyRule({
    id: 'log-destination',
    checklist,
    title: 'Every diagnostic setting sends to a workspace.',
    fix: 'Set workspaceId.',
    type: setting,
    path: 'properties.workspaceId',
    expect: set(),
  }),
  propertyRule({
    id: 'log-retention',
    checklist,
    title: 'Logs are kept for 90 days or more.',
    fix: 'Set retentionInDays to 90 or more.',
    type: workspace,
    path: 'properties.retentionInDays',
    expect: atLeast(90, 30),
  }),
  propertyRule({
    id: 'log-no-local-auth',
    checklist,
    title: 'The workspace takes Entra identities only.',
    fix: 'Set features.disableLocalAuth to true.',
    type: workspace,
    path: 'properties.features.disableLocalAuth',
    expect: equals(true, false),
  }),
  propertyRule({
    id: 'insights-no-local-auth',
    checklist,
    title: 'Telemetry is taken from Entra identities only.',
    fix: 'Set DisableLocalAuth to true.',
    type: 'Microsoft.Insights/components',
    path: 'properties.DisableLocalAuth',
    expect: equals(true, false),
  }),
  propertyRule({
    id: 'insights-in-workspace',
    checklist,
    title: 'Telemetry lies in the workspace, with its retention and its rights.',
    fix: 'Set WorkspaceResourceId.',
    type: 'Microsoft.Insights/components',
    path: 'properties.WorkspaceResourceId',
    expect: set(),
  }),
];
