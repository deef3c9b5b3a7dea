// The coordinator's vault with the one key that signs plans. Silos pin this key's thumbprint, so it does not rotate by
// itself and does not expire: a new key is a decision that every silo takes part in.

@description('Region of the vault.')
param location string

@description('Name of the vault.')
@minLength(3)
@maxLength(24)
param vaultName string

@description('Name of the plan-signing key.')
param planSigningKeyName string

@description('Bring back a vault of this name that was deleted less than 90 days ago, with its keys.')
param recoverVault bool

@description('Keep the vault off the public network.')
param networkIsolation bool

@description('Workspace for the logs.')
param workspaceId string

@description('Tags of every resource.')
param tags object

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: vaultName
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'premium'
    }
    createMode: recoverVault ? 'recover' : 'default'
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    publicNetworkAccess: networkIsolation ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: networkIsolation ? 'Deny' : 'Allow'
    }
  }
}

// Deploying again returns the key that exists; it never makes a second version.
resource planSigningKey 'Microsoft.KeyVault/vaults/keys@2025-05-01' = {
  parent: vault
  name: planSigningKeyName
  tags: tags
  properties: {
    kty: 'EC-HSM'
    curveName: 'P-256'
    keyOps: [
      'sign'
      'verify'
    ]
    attributes: {
      enabled: true
      exportable: false
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
      {
        category: 'AzurePolicyEvaluationDetails'
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

output vaultId string = vault.id
output vaultName string = vault.name
output planSigningKeyName string = planSigningKey.name
output planSigningKeyId string = planSigningKey.properties.keyUriWithVersion
