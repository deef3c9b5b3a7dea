// The Functions app: Flex Consumption, Node 22, three user-assigned identities. No passwords of any kind publish to it.
// Its settings are in app-settings.bicep, the check of tokens at its door in api-authentication.bicep.

@description('Region of the app.')
param location string

@description('Name of the hosting plan.')
param planName string

@description('Name of the Functions app.')
param functionAppName string

@description('Identity of the Functions host.')
param hostIdentityId string

@description('Identity of the coordinator.')
param coordinatorIdentityId string

@description('Identity of the aggregator.')
param aggregatorIdentityId string

@description('Blob endpoint of the host\'s account, whose container `deployment` holds the package.')
param hostBlobEndpoint string

@description('Subnet that the app speaks from; empty: none.')
param appSubnetId string

@description('Is the API reachable from the public network?')
param publicApi bool

@description('Address ranges (CIDR) that may call the public API; empty: any.')
param apiAddressRanges array

@description('Memory of an instance in MB.')
@allowed([
  2048
  4096
])
param instanceMemoryMB int

@description('Most instances of the app.')
@minValue(1)
@maxValue(1000)
param maximumInstances int

@description('Instances that always wait for work of orchestrations; 0 scales to nothing between rounds.')
@minValue(0)
param alwaysReadyInstances int

@description('Spread over the zones of the region.')
param zoneRedundant bool

@description('Workspace for the logs.')
param workspaceId string

@description('Tags of every resource.')
param tags object

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: functionAppName
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${hostIdentityId}': {}
      '${coordinatorIdentityId}': {}
      '${aggregatorIdentityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: publicApi ? 'Enabled' : 'Disabled'
    virtualNetworkSubnetId: empty(appSubnetId) ? null : appSubnetId
    outboundVnetRouting: {
      allTraffic: !empty(appSubnetId)
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostBlobEndpoint}deployment'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: hostIdentityId
          }
        }
      }
      runtime: {
        name: 'node'
        version: '22'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReadyInstances > 0 ? [{ name: 'durable', instanceCount: alwaysReadyInstances }] : []
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      remoteDebuggingEnabled: false
      http20Enabled: true
      cors: {
        allowedOrigins: []
        supportCredentials: false
      }
      ipSecurityRestrictionsDefaultAction: empty(apiAddressRanges) ? 'Allow' : 'Deny'
      ipSecurityRestrictions: [
        for (range, index) in apiAddressRanges: {
          name: 'caller-${index}'
          action: 'Allow'
          priority: 100 + index
          ipAddress: range
        }
      ]
    }
  }
}

resource noFtpPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: site
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource noDeploymentPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: site
  name: 'scm'
  properties: {
    allow: false
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: site
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
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

output functionAppId string = site.id
output functionAppName string = site.name
output url string = 'https://${site.properties.defaultHostName}'
