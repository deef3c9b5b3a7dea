// The three storage accounts, and how they differ. Host state is overwritten all day, models stay, updates go.

@description('Region of the accounts.')
param location string

@description('Account of the Functions host: its state and its package.')
param hostAccountName string

@description('Account with published models, plans, manifests and frozen sets.')
param modelsAccountName string

@description('Account with sealed updates, one container for each silo.')
param updatesAccountName string

@description('A key of the customer\'s own: vaultUri, keyName, identityId of an identity that may use it; all empty: keys of the platform.')
param customerKey object

@description('Days for which published models may not be overwritten or deleted; 0 sets no policy.')
param modelImmutabilityDays int

@description('A locked immutability policy can never be shortened or removed.')
param modelImmutabilityState string

@description('Days after which sealed updates are deleted.')
param updateRetentionDays int

@description('Keep the accounts off the public network.')
param networkIsolation bool

@description('Addresses, or ranges (CIDR, not smaller than /30), from which silos reach updates and models despite the isolation.')
param siloAddressRanges array

@description('Spread over the zones of the region.')
param zoneRedundant bool

@description('Workspace for the logs.')
param workspaceId string

@description('Tags of every resource.')
param tags object

// Host state holds references and digests only.
var platformKey = {
  vaultUri: ''
  keyName: ''
  identityId: ''
}

module hostAccount 'storage-account.bicep' = {
  name: 'host-account'
  params: {
    location: location
    accountName: hostAccountName
    containers: [
      'deployment'
    ]
    keepsVersions: false
    customerKey: platformKey
    immutabilityDays: 0
    immutabilityState: 'Unlocked'
    deleteAfterDays: 0
    softDeleteDays: 7
    networkIsolation: networkIsolation
    siloAddressRanges: []
    zoneRedundant: zoneRedundant
    workspaceId: workspaceId
    tags: tags
  }
}

module modelsAccount 'storage-account.bicep' = {
  name: 'models-account'
  params: {
    location: location
    accountName: modelsAccountName
    containers: [
      'models'
      'rounds'
    ]
    keepsVersions: true
    customerKey: customerKey
    immutabilityDays: modelImmutabilityDays
    immutabilityState: modelImmutabilityState
    deleteAfterDays: 0
    softDeleteDays: 30
    networkIsolation: networkIsolation
    siloAddressRanges: siloAddressRanges
    zoneRedundant: zoneRedundant
    workspaceId: workspaceId
    tags: tags
  }
}

// Silos' containers are made by infra/roster. What is left of a broken aggregation in `shards` ends as old updates do.
module updatesAccount 'storage-account.bicep' = {
  name: 'updates-account'
  params: {
    location: location
    accountName: updatesAccountName
    containers: [
      'shards'
    ]
    keepsVersions: true
    customerKey: customerKey
    immutabilityDays: 0
    immutabilityState: 'Unlocked'
    deleteAfterDays: updateRetentionDays
    softDeleteDays: 7
    networkIsolation: networkIsolation
    siloAddressRanges: siloAddressRanges
    zoneRedundant: zoneRedundant
    workspaceId: workspaceId
    tags: tags
  }
}

output hostAccountName string = hostAccount.outputs.accountName
output hostBlobEndpoint string = hostAccount.outputs.blobEndpoint
output modelsAccountName string = modelsAccount.outputs.accountName
output modelsBlobEndpoint string = modelsAccount.outputs.blobEndpoint
output updatesAccountName string = updatesAccount.outputs.accountName
output updatesBlobEndpoint string = updatesAccount.outputs.blobEndpoint
