// A Managed HSM in place of the vault. Resource Manager makes only the pool: activation (a quorum of security-domain
// key holders), the plan-signing key and its local roles are made by the commands in docs/provisioning.md, and the key's
// id is then given to the next deployment.

@description('Region of the pool.')
param location string

@description('Name of the pool.')
@minLength(3)
@maxLength(24)
param hsmName string

@description('Object ids of the people who administer the pool; at least one.')
@minLength(1)
param administratorObjectIds array

@description('Keep the pool off the public network.')
param networkIsolation bool

@description('Workspace for the logs.')
param workspaceId string

@description('Tags of every resource.')
param tags object

resource hsm 'Microsoft.KeyVault/managedHSMs@2025-05-01' = {
  name: hsmName
  location: location
  tags: tags
  sku: {
    family: 'B'
    name: 'Standard_B1'
  }
  properties: {
    tenantId: tenant().tenantId
    initialAdminObjectIds: administratorObjectIds
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: networkIsolation ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: networkIsolation ? 'Deny' : 'Allow'
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: hsm
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
    ]
    metrics: [
      {
        category: 'AllMetrics'
        enabled: true
      }
    ]
  }
}

output hsmId string = hsm.id
output hsmName string = hsm.name
