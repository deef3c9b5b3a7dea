/**
 * What the templates may name of Azure: API versions and built-in roles. Anything else fails, so that a typing error
 * cannot pass for a role or a version.
 *
 * Written down on 2026-11-24. Nothing was asked of Azure: the roles are those of Microsoft's page "Azure built-in roles"
 * and the versions those of the Bicep resource reference; about half of them were found again in public templates. A
 * deployment has to confirm the rest (docs/not-verified.md).
 */

/** Built-in roles by id. */
export const builtInRoles: Readonly<Record<string, string>> = {
  '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39': 'Azure Service Bus Data Sender',
  '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0': 'Azure Service Bus Data Receiver',
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88': 'Storage Queue Data Contributor',
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3': 'Storage Table Data Contributor',
  'db58b8e5-c6ad-4a2a-8342-4190687cbf4a': 'Storage Blob Delegator',
  'e147488a-f6f5-4113-8e2d-b22465e65bf6': 'Key Vault Crypto Service Encryption User',
  '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher',
  '0ad04412-c4d5-4796-b79c-f76d14c8d402': 'Durable Task Data Contributor',
};

/** Built-in policies by id. */
export const builtInPolicies: Readonly<Record<string, string>> = {
  'e56962a6-4747-49cd-b67b-bf8b01975c4c': 'Allowed locations',
};

/** API versions by resource type. */
export const apiVersions: Readonly<Record<string, readonly string[]>> = {
  'Microsoft.App/containerApps': ['2025-07-01'],
  'Microsoft.App/managedEnvironments': ['2025-07-01'],
  'Microsoft.Authorization/locks': ['2020-05-01'],
  'Microsoft.Authorization/policyAssignments': ['2025-03-01'],
  'Microsoft.Authorization/policyDefinitions': ['2025-03-01'],
  'Microsoft.Authorization/policySetDefinitions': ['2025-03-01'],
  'Microsoft.Authorization/roleAssignments': ['2022-04-01'],
  'Microsoft.Authorization/roleDefinitions': ['2022-04-01'],
  'Microsoft.Compute/virtualMachines': ['2025-04-01'],
  'Microsoft.ContainerInstance/containerGroups': ['2025-09-01'],
  'Microsoft.DocumentDB/databaseAccounts': ['2025-10-15'],
  'Microsoft.DocumentDB/databaseAccounts/sqlDatabases': ['2025-10-15'],
  'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers': ['2025-10-15'],
  'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments': ['2025-10-15'],
  'Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions': ['2025-10-15'],
  'Microsoft.DurableTask/schedulers': ['2026-02-01'],
  'Microsoft.DurableTask/schedulers/taskHubs': ['2026-02-01'],
  'Microsoft.Insights/actionGroups': ['2023-01-01'],
  'Microsoft.Insights/activityLogAlerts': ['2020-10-01'],
  'Microsoft.Insights/components': ['2020-02-02'],
  'Microsoft.Insights/diagnosticSettings': ['2021-05-01-preview'],
  'Microsoft.Insights/metricAlerts': ['2018-03-01'],
  'Microsoft.Insights/scheduledQueryRules': ['2023-12-01'],
  'Microsoft.Insights/workbooks': ['2023-06-01'],
  'Microsoft.KeyVault/managedHSMs': ['2025-05-01'],
  'Microsoft.KeyVault/vaults': ['2025-05-01'],
  'Microsoft.KeyVault/vaults/keys': ['2025-05-01'],
  'Microsoft.ManagedIdentity/userAssignedIdentities': ['2024-11-30'],
  'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials': ['2024-11-30'],
  'Microsoft.Network/natGateways': ['2025-05-01'],
  'Microsoft.Network/networkInterfaces': ['2025-05-01'],
  'Microsoft.Network/networkSecurityGroups': ['2025-05-01'],
  'Microsoft.Network/privateDnsZones': ['2024-06-01'],
  'Microsoft.Network/privateDnsZones/virtualNetworkLinks': ['2024-06-01'],
  'Microsoft.Network/privateEndpoints': ['2025-05-01'],
  'Microsoft.Network/privateEndpoints/privateDnsZoneGroups': ['2025-05-01'],
  'Microsoft.Network/publicIPAddresses': ['2025-05-01'],
  'Microsoft.Network/virtualNetworks': ['2025-05-01'],
  'Microsoft.OperationalInsights/workspaces': ['2025-07-01'],
  'Microsoft.Resources/resourceGroups': ['2025-04-01'],
  'Microsoft.ServiceBus/namespaces': ['2024-01-01'],
  'Microsoft.ServiceBus/namespaces/authorizationRules': ['2024-01-01'],
  'Microsoft.ServiceBus/namespaces/networkRuleSets': ['2024-01-01'],
  'Microsoft.ServiceBus/namespaces/queues': ['2024-01-01'],
  'Microsoft.Storage/storageAccounts': ['2025-06-01'],
  'Microsoft.Storage/storageAccounts/blobServices': ['2025-06-01'],
  'Microsoft.Storage/storageAccounts/blobServices/containers': ['2025-06-01'],
  'Microsoft.Storage/storageAccounts/managementPolicies': ['2025-06-01'],
  'Microsoft.Web/serverfarms': ['2025-03-01'],
  'Microsoft.Web/sites': ['2025-03-01'],
  'Microsoft.Web/sites/basicPublishingCredentialsPolicies': ['2025-03-01'],
  'Microsoft.Web/sites/config': ['2025-03-01'],
};
