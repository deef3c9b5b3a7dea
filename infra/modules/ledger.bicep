// Cosmos DB for NoSQL: the ledger. Container names, partition keys and lifetimes are those of
// shared/domain/resources.ts. Rights are SQL role assignments on single containers (cosmos-roles.bicep); account keys
// are off, for documents and for metadata.

@description('Region of the account.')
param location string

@description('Name of the account.')
param accountName string

@description('Name of the database.')
param databaseName string

@description('The ledger compares and swaps on one write region, so either of these is enough.')
@allowed([
  'BoundedStaleness'
  'Strong'
])
param consistency string

@description('A key of the customer\'s own: vaultUri, keyName, identityId of an identity that may use it; all empty: keys of the platform.')
param customerKey object

@description('Highest throughput in RU/s when scaled by load; 0: serverless.')
@minValue(0)
param autoscaleMaxThroughput int

@description('Spread over the zones of the region.')
param zoneRedundant bool

@description('Keep the account off the public network.')
param networkIsolation bool

@description('Workspace for the logs.')
param workspaceId string

@description('Tags of every resource.')
param tags object

var lastingContainers = [
  {
    name: 'experiments'
    partitionKey: '/experimentId'
  }
  {
    name: 'metrics'
    partitionKey: '/experimentId'
  }
  {
    name: 'audit'
    partitionKey: '/experimentId'
  }
  {
    name: 'catalog'
    partitionKey: '/scope'
  }
  {
    name: 'silos'
    partitionKey: '/siloId'
  }
]

var hasCustomerKey = !empty(customerKey.vaultUri)

var keyIdentity = {
  type: 'UserAssigned'
  userAssignedIdentities: {
    '${customerKey.identityId}': {}
  }
}

resource account 'Microsoft.DocumentDB/databaseAccounts@2025-10-15' = {
  name: accountName
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  identity: hasCustomerKey ? keyIdentity : null
  properties: {
    databaseAccountOfferType: 'Standard'
    keyVaultKeyUri: hasCustomerKey ? '${customerKey.vaultUri}keys/${customerKey.keyName}' : null
    defaultIdentity: hasCustomerKey ? 'UserAssignedIdentity=${customerKey.identityId}' : null
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: networkIsolation ? 'Disabled' : 'Enabled'
    networkAclBypass: 'None'
    enableAutomaticFailover: false
    enableMultipleWriteLocations: false
    locations: [
      {
        locationName: location
        failoverPriority: 0
        isZoneRedundant: zoneRedundant
      }
    ]
    consistencyPolicy: {
      defaultConsistencyLevel: consistency
      maxIntervalInSeconds: 5
      maxStalenessPrefix: 100
    }
    backupPolicy: {
      type: 'Continuous'
      continuousModeProperties: {
        tier: 'Continuous30Days'
      }
    }
    capabilities: autoscaleMaxThroughput > 0 ? [] : [{ name: 'EnableServerless' }]
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2025-10-15' = {
  parent: account
  name: databaseName
  properties: {
    resource: {
      id: databaseName
    }
    options: autoscaleMaxThroughput > 0 ? { autoscaleSettings: { maxThroughput: autoscaleMaxThroughput } } : {}
  }
}

// The default index covers every query of shared/azure: each orders by one property, so no composite index is needed.
resource containers 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2025-10-15' = [
  for container in lastingContainers: {
    parent: database
    name: container.name
    properties: {
      resource: {
        id: container.name
        partitionKey: {
          kind: 'Hash'
          version: 2
          paths: [
            container.partitionKey
          ]
        }
      }
    }
  }
]

// Signs of life are worth nothing after a day.
resource signals 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2025-10-15' = {
  parent: database
  name: 'signals'
  properties: {
    resource: {
      id: 'signals'
      defaultTtl: 86400
      partitionKey: {
        kind: 'Hash'
        version: 2
        paths: [
          '/experimentId'
        ]
      }
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: account
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      {
        category: 'DataPlaneRequests'
        enabled: true
      }
      {
        category: 'ControlPlaneRequests'
        enabled: true
      }
      {
        category: 'PartitionKeyStatistics'
        enabled: true
      }
    ]
    metrics: [
      {
        category: 'Requests'
        enabled: true
      }
    ]
  }
}

output accountId string = account.id
output accountName string = account.name
output databaseName string = database.name
output endpoint string = account.properties.documentEndpoint
