// Service Bus with the two queues that all silos send to. A silo's own queue is made by infra/roster. Names, lock,
// time to live and delivery counts are those of shared/domain/resources.ts and local/cloud/start-cloud.ts.

@description('Region of the namespace.')
param location string

@description('Name of the namespace.')
param namespaceName string

@description('Keep the namespace off the public network. Needs the Premium tier, which this then takes.')
param networkIsolation bool

@description('Addresses, or ranges (CIDR, not smaller than /30), from which silos outside the virtual network may reach it; empty: none.')
param siloAddressRanges array

@description('Workspace for the logs.')
param workspaceId string

@description('Tags of every resource.')
param tags object

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: namespaceName
  location: location
  tags: tags
  sku: {
    name: networkIsolation ? 'Premium' : 'Standard'
    tier: networkIsolation ? 'Premium' : 'Standard'
    capacity: networkIsolation ? 1 : null
  }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: networkIsolation && empty(siloAddressRanges) ? 'Disabled' : 'Enabled'
  }
}

// Rule sets exist in the Premium tier only.
resource networkRules 'Microsoft.ServiceBus/namespaces/networkRuleSets@2024-01-01' = if (networkIsolation) {
  parent: namespace
  name: 'default'
  properties: {
    publicNetworkAccess: empty(siloAddressRanges) ? 'Disabled' : 'Enabled'
    defaultAction: 'Deny'
    trustedServiceAccessEnabled: false
    ipRules: [
      for range in siloAddressRanges: {
        ipMask: range
        action: 'Allow'
      }
    ]
  }
}

// No duplicate detection: message ids can be guessed, and junk sent under another silo's id would swallow its reply.
// The ledger's documents make a repeated message harmless.
resource updates 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = {
  parent: namespace
  name: 'updates'
  properties: {
    lockDuration: 'PT30S'
    maxDeliveryCount: 10
    requiresDuplicateDetection: false
    requiresSession: false
    deadLetteringOnMessageExpiration: true
    defaultMessageTimeToLive: 'P14D'
    maxSizeInMegabytes: 5120
  }
}

// Progress and liveness: advisory, so old ones are dropped.
resource signals 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = {
  parent: namespace
  name: 'signals'
  properties: {
    lockDuration: 'PT30S'
    maxDeliveryCount: 3
    requiresDuplicateDetection: false
    requiresSession: false
    deadLetteringOnMessageExpiration: false
    defaultMessageTimeToLive: 'PT1H'
    maxSizeInMegabytes: 1024
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: namespace
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

output namespaceId string = namespace.id
output namespaceName string = namespace.name
output hostName string = '${namespace.name}.servicebus.windows.net'
output updatesQueueName string = updates.name
output signalsQueueName string = signals.name
