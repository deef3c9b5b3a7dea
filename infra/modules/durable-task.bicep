// Durable Task Scheduler: the durable backend in place of the host's storage account. It knows Entra identities only.
// A running hub cannot be moved from one backend to the other. No diagnostic setting: the resource type is not known to
// take one, and a wrong one would fail the whole deployment.

@description('Region of the scheduler.')
param location string

@description('Name of the scheduler.')
param schedulerName string

@description('Name of the task hub.')
param taskHubName string

@description('Address ranges (CIDR) that may reach the scheduler. An empty list would shut everybody out.')
@minLength(1)
param allowedAddressRanges array

@description('Tags of every resource.')
param tags object

resource scheduler 'Microsoft.DurableTask/schedulers@2026-02-01' = {
  name: schedulerName
  location: location
  tags: tags
  properties: {
    ipAllowlist: allowedAddressRanges
    sku: {
      name: 'Consumption'
    }
  }
}

resource taskHub 'Microsoft.DurableTask/schedulers/taskHubs@2026-02-01' = {
  parent: scheduler
  name: taskHubName
  properties: {}
}

output schedulerName string = scheduler.name
output taskHubName string = taskHub.name
output endpoint string = scheduler.properties.endpoint
