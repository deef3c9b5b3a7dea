// A silo's place at the coordinator: the queue that only it receives from, the container that only it creates in.

@description('Id of the silo.')
@minLength(1)
@maxLength(40)
param silo string

@description('Service Bus namespace of the coordinator.')
param serviceBusNamespaceName string

@description('Storage account of sealed updates.')
param updatesAccountName string

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: serviceBusNamespaceName
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: updatesAccountName
}

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' existing = {
  parent: account
  name: 'default'
}

// Expired messages are dropped: a plan past its deadline is worth nothing, and the coordinator cannot read this queue.
resource queue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = {
  parent: namespace
  name: 'silo-${silo}'
  properties: {
    lockDuration: 'PT30S'
    maxDeliveryCount: 10
    requiresDuplicateDetection: false
    requiresSession: false
    deadLetteringOnMessageExpiration: false
    defaultMessageTimeToLive: 'P30D'
    maxSizeInMegabytes: 1024
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobService
  name: 'updates-${silo}'
  properties: {
    publicAccess: 'None'
  }
}

output queueName string = queue.name
output containerName string = container.name
