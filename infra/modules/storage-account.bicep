// One storage account as all of ours are: Entra identities only, nothing public, every access logged. The three
// accounts (host state, models, updates) are apart, so that a right on one reaches nothing of another.

@description('Region of the account.')
param location string

@description('Name of the account.')
@minLength(3)
@maxLength(24)
param accountName string

@description('Names of the blob containers.')
param containers array

@description('Keep blob versions and deleted blobs. Off for host state, whose lease blobs are overwritten all day.')
param keepsVersions bool

@description('A key of the customer\'s own: vaultUri, keyName, identityId of an identity that may use it; all empty: keys of the platform.')
param customerKey object

@description('Days for which no blob version may be overwritten or deleted; 0 sets no such policy.')
@minValue(0)
@maxValue(3650)
param immutabilityDays int

@description('A locked policy cannot be shortened or removed by anybody.')
@allowed([
  'Unlocked'
  'Locked'
])
param immutabilityState string

@description('Days after which blobs are deleted; 0 keeps them.')
@minValue(0)
param deleteAfterDays int

@description('Days for which deleted blobs and containers can be brought back.')
@minValue(7)
@maxValue(365)
param softDeleteDays int

@description('Keep the account off the public network.')
param networkIsolation bool

@description('Addresses, or ranges (CIDR, not smaller than /30), from which silos outside the virtual network may reach it; empty: none.')
param siloAddressRanges array

@description('Spread over the zones of the region.')
param zoneRedundant bool

@description('Workspace for the logs.')
param workspaceId string

@description('Tags of every resource.')
param tags object

var hasCustomerKey = !empty(customerKey.vaultUri)

var keyIdentity = {
  type: 'UserAssigned'
  userAssignedIdentities: {
    '${customerKey.identityId}': {}
  }
}

var customerKeyPlace = {
  keyvaulturi: customerKey.vaultUri
  keyname: customerKey.keyName
}

var immutability = {
  enabled: true
  immutabilityPolicy: {
    allowProtectedAppendWrites: false
    immutabilityPeriodSinceCreationInDays: immutabilityDays
    state: immutabilityState
  }
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: accountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS'
  }
  identity: hasCustomerKey ? keyIdentity : null
  properties: {
    accessTier: 'Hot'
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowedCopyScope: 'AAD'
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    isSftpEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: networkIsolation && empty(siloAddressRanges) ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: networkIsolation ? 'Deny' : 'Allow'
      ipRules: [
        for range in siloAddressRanges: {
          value: range
          action: 'Allow'
        }
      ]
    }
    encryption: {
      keySource: hasCustomerKey ? 'Microsoft.Keyvault' : 'Microsoft.Storage'
      keyvaultproperties: hasCustomerKey ? customerKeyPlace : null
      identity: hasCustomerKey ? { userAssignedIdentity: customerKey.identityId } : null
      requireInfrastructureEncryption: true
      services: {
        blob: {
          enabled: true
          keyType: 'Account'
        }
        file: {
          enabled: true
          keyType: 'Account'
        }
        queue: {
          enabled: true
          keyType: 'Account'
        }
        table: {
          enabled: true
          keyType: 'Account'
        }
      }
    }
    sasPolicy: {
      sasExpirationPeriod: '00.01:00:00'
      expirationAction: 'Block'
    }
    immutableStorageWithVersioning: immutabilityDays > 0 ? immutability : null
  }
}

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: keepsVersions
    deleteRetentionPolicy: {
      enabled: keepsVersions
      days: keepsVersions ? softDeleteDays : null
      allowPermanentDelete: false
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
  }
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [
  for container in containers: {
    parent: blobService
    name: container
    properties: {
      publicAccess: 'None'
    }
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = if (deleteAfterDays > 0) {
  parent: account
  name: 'default'
  dependsOn: [
    blobService
  ]
  properties: {
    policy: {
      rules: [
        {
          name: 'delete-old'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: [
                'blockBlob'
              ]
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterCreationGreaterThan: deleteAfterDays
                }
              }
              version: {
                delete: {
                  daysAfterCreationGreaterThan: deleteAfterDays
                }
              }
            }
          }
        }
      ]
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'metrics'
  scope: account
  properties: {
    workspaceId: workspaceId
    metrics: [
      {
        category: 'Transaction'
        enabled: true
      }
    ]
  }
}

resource blobDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: blobService
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'StorageRead'
        enabled: true
      }
      {
        category: 'StorageWrite'
        enabled: true
      }
      {
        category: 'StorageDelete'
        enabled: true
      }
    ]
    metrics: [
      {
        category: 'Transaction'
        enabled: true
      }
    ]
  }
}

output accountId string = account.id
output accountName string = account.name
output blobEndpoint string = account.properties.primaryEndpoints.blob
