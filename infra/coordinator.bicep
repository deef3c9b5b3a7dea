// The coordinator's resources, put together in one resource group. main.bicep says what each parameter is and may be.

@description('Part of every name, and tags of every resource.')
param token string
param tags object
param location string
param apiClientId string
param aggregatorApplicationId string
param durableBackend string
param schedulerAddressRanges array
param networkIsolation bool
param networkAddressPrefix string
param appSubnetPrefix string
param endpointSubnetPrefix string
param peerAddressRanges array
param siloAddressRanges array
param publicApi bool
param apiAddressRanges array
param keyStore string
param hsmAdministrators array
param planSigningKeyId string
param recoverVault bool
param ledgerConsistency string
param ledgerMaxThroughput int
param customerKey object
param modelImmutabilityDays int
param modelImmutabilityState string
param updateRetentionDays int
param instanceMemoryMB int
param maximumInstances int
param alwaysReadyInstances int
param zoneRedundant bool
param logRetentionDays int
param logDailyCapGb int
param alertEmails array
param resourceLock bool
param allowedRegions array

var names = loadJsonContent('abbreviations.json')
var planSigningKeyName = 'plan-signing'
var useVault = keyStore == 'vault'
var useScheduler = durableBackend == 'dts'

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: {
    location: location
    hostIdentityName: '${names.userAssignedIdentity}host-${token}'
    coordinatorIdentityName: '${names.userAssignedIdentity}coordinator-${token}'
    aggregatorIdentityName: '${names.userAssignedIdentity}aggregator-${token}'
    tags: tags
  }
}

module logs 'modules/logs.bicep' = {
  name: 'logs'
  params: {
    location: location
    workspaceName: '${names.logAnalyticsWorkspace}${token}'
    applicationInsightsName: '${names.applicationInsights}${token}'
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
    tags: tags
  }
}

module network 'modules/network.bicep' = if (networkIsolation) {
  name: 'network'
  params: {
    location: location
    networkName: '${names.virtualNetwork}${token}'
    natGatewayName: '${names.natGateway}${token}'
    publicIpAddressName: '${names.publicIpAddress}${token}'
    appSecurityGroupName: '${names.networkSecurityGroup}app-${token}'
    endpointSecurityGroupName: '${names.networkSecurityGroup}endpoints-${token}'
    addressPrefix: networkAddressPrefix
    appSubnetPrefix: appSubnetPrefix
    endpointSubnetPrefix: endpointSubnetPrefix
    peerAddressRanges: peerAddressRanges
    workspaceId: logs.outputs.workspaceId
    tags: tags
  }
}

module accounts 'modules/accounts.bicep' = {
  name: 'accounts'
  params: {
    location: location
    hostAccountName: '${names.storageAccount}host${token}'
    modelsAccountName: '${names.storageAccount}model${token}'
    updatesAccountName: '${names.storageAccount}updat${token}'
    customerKey: customerKey
    modelImmutabilityDays: modelImmutabilityDays
    modelImmutabilityState: modelImmutabilityState
    updateRetentionDays: updateRetentionDays
    networkIsolation: networkIsolation
    siloAddressRanges: siloAddressRanges
    zoneRedundant: zoneRedundant
    workspaceId: logs.outputs.workspaceId
    tags: tags
  }
}

module messaging 'modules/messaging.bicep' = {
  name: 'messaging'
  params: {
    location: location
    namespaceName: '${names.serviceBusNamespace}${token}'
    networkIsolation: networkIsolation
    siloAddressRanges: siloAddressRanges
    workspaceId: logs.outputs.workspaceId
    tags: tags
  }
}

module ledger 'modules/ledger.bicep' = {
  name: 'ledger'
  params: {
    location: location
    accountName: '${names.cosmosAccount}${token}'
    databaseName: 'tributary'
    consistency: ledgerConsistency
    customerKey: customerKey
    autoscaleMaxThroughput: ledgerMaxThroughput
    zoneRedundant: zoneRedundant
    networkIsolation: networkIsolation
    workspaceId: logs.outputs.workspaceId
    tags: tags
  }
}

module vault 'modules/vault.bicep' = if (useVault) {
  name: 'vault'
  params: {
    location: location
    vaultName: '${names.keyVault}${token}'
    planSigningKeyName: planSigningKeyName
    recoverVault: recoverVault
    networkIsolation: networkIsolation
    workspaceId: logs.outputs.workspaceId
    tags: tags
  }
}

module hsm 'modules/managed-hsm.bicep' = if (!useVault) {
  name: 'managed-hsm'
  params: {
    location: location
    hsmName: '${names.managedHsm}${token}'
    administratorObjectIds: hsmAdministrators
    networkIsolation: networkIsolation
    workspaceId: logs.outputs.workspaceId
    tags: tags
  }
}

module durableTask 'modules/durable-task.bicep' = if (useScheduler) {
  name: 'durable-task'
  params: {
    location: location
    schedulerName: '${names.durableTaskScheduler}${token}'
    taskHubName: 'Tributary'
    allowedAddressRanges: !empty(schedulerAddressRanges) ? schedulerAddressRanges : networkIsolation ? ['${network!.outputs.egressAddress}/32'] : ['0.0.0.0/0']
    tags: tags
  }
}

module host 'modules/host.bicep' = {
  name: 'host'
  params: {
    location: location
    planName: '${names.serverFarm}${token}'
    functionAppName: '${names.functionApp}${token}'
    hostIdentityId: identity.outputs.hostId
    coordinatorIdentityId: identity.outputs.coordinatorId
    aggregatorIdentityId: identity.outputs.aggregatorId
    hostBlobEndpoint: accounts.outputs.hostBlobEndpoint
    appSubnetId: networkIsolation ? network!.outputs.appSubnetId : ''
    publicApi: publicApi
    apiAddressRanges: apiAddressRanges
    instanceMemoryMB: instanceMemoryMB
    maximumInstances: maximumInstances
    alwaysReadyInstances: alwaysReadyInstances
    zoneRedundant: zoneRedundant
    workspaceId: logs.outputs.workspaceId
    tags: tags
  }
}

module appSettings 'modules/app-settings.bicep' = {
  name: 'app-settings'
  params: {
    functionAppName: host.outputs.functionAppName
    hostClientId: identity.outputs.hostClientId
    coordinatorClientId: identity.outputs.coordinatorClientId
    aggregatorClientId: identity.outputs.aggregatorClientId
    aggregatorApplicationId: aggregatorApplicationId
    hostAccountName: accounts.outputs.hostAccountName
    serviceBusHostName: messaging.outputs.hostName
    cosmosEndpoint: ledger.outputs.endpoint
    cosmosDatabaseName: ledger.outputs.databaseName
    modelsBlobEndpoint: accounts.outputs.modelsBlobEndpoint
    updatesBlobEndpoint: accounts.outputs.updatesBlobEndpoint
    planSigningKeyId: useVault ? vault!.outputs.planSigningKeyId : planSigningKeyId
    apiClientId: apiClientId
    durableBackend: durableBackend
    schedulerEndpoint: useScheduler ? durableTask!.outputs.endpoint : ''
    taskHubName: useScheduler ? durableTask!.outputs.taskHubName : ''
    applicationInsightsConnectionString: logs.outputs.applicationInsightsConnectionString
  }
}

module apiAuthentication 'modules/api-authentication.bicep' = {
  name: 'api-authentication'
  params: {
    functionAppName: appSettings.outputs.functionAppName
    apiClientId: apiClientId
  }
}

module privateEndpoints 'modules/private-endpoints.bicep' = if (networkIsolation) {
  name: 'private-endpoints'
  params: {
    location: location
    endpointPrefix: '${names.privateEndpoint}${token}-'
    networkId: networkIsolation ? network!.outputs.networkId : ''
    endpointSubnetId: networkIsolation ? network!.outputs.endpointSubnetId : ''
    hostAccountName: accounts.outputs.hostAccountName
    modelsAccountName: accounts.outputs.modelsAccountName
    updatesAccountName: accounts.outputs.updatesAccountName
    serviceBusNamespaceName: messaging.outputs.namespaceName
    cosmosAccountName: ledger.outputs.accountName
    vaultName: useVault ? vault!.outputs.vaultName : ''
    hsmName: useVault ? '' : hsm!.outputs.hsmName
    functionAppName: publicApi ? '' : host.outputs.functionAppName
    tags: tags
  }
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  params: {
    hostPrincipalId: identity.outputs.hostPrincipalId
    coordinatorPrincipalId: identity.outputs.coordinatorPrincipalId
    hostAccountName: accounts.outputs.hostAccountName
    serviceBusNamespaceName: messaging.outputs.namespaceName
    vaultName: useVault ? vault!.outputs.vaultName : ''
    planSigningKeyName: planSigningKeyName
    applicationInsightsName: logs.outputs.applicationInsightsName
    schedulerName: useScheduler ? durableTask!.outputs.schedulerName : ''
    taskHubName: useScheduler ? durableTask!.outputs.taskHubName : ''
  }
}

module blobRoles 'modules/blob-roles.bicep' = {
  name: 'blob-roles'
  params: {
    coordinatorPrincipalId: identity.outputs.coordinatorPrincipalId
    aggregatorPrincipalId: identity.outputs.aggregatorPrincipalId
    modelsAccountName: accounts.outputs.modelsAccountName
    updatesAccountName: accounts.outputs.updatesAccountName
  }
}

module cosmosRoles 'modules/cosmos-roles.bicep' = {
  name: 'cosmos-roles'
  params: {
    cosmosAccountName: ledger.outputs.accountName
    databaseName: ledger.outputs.databaseName
    coordinatorPrincipalId: identity.outputs.coordinatorPrincipalId
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    location: location
    actionGroupName: '${names.actionGroup}${token}'
    rulePrefix: '${tags['azd-env-name']}-'
    alertEmails: alertEmails
    workspaceId: logs.outputs.workspaceId
    serviceBusNamespaceId: messaging.outputs.namespaceId
    coordinatorPrincipalId: identity.outputs.coordinatorPrincipalId
    planSigningKeyName: planSigningKeyName
    tags: tags
  }
}

module guards 'modules/guards.bicep' = {
  name: 'guards'
  params: {
    allowedRegions: allowedRegions
    resourceLock: resourceLock
  }
}

output functionAppName string = host.outputs.functionAppName
output url string = host.outputs.url
output serviceBusNamespaceName string = messaging.outputs.namespaceName
output serviceBusHostName string = messaging.outputs.hostName
output updatesAccountName string = accounts.outputs.updatesAccountName
output updatesBlobEndpoint string = accounts.outputs.updatesBlobEndpoint
output coordinatorPrincipalId string = identity.outputs.coordinatorPrincipalId
output aggregatorPrincipalId string = identity.outputs.aggregatorPrincipalId
output egressAddress string = networkIsolation ? network!.outputs.egressAddress : ''
output modelsAccountName string = accounts.outputs.modelsAccountName
output cosmosAccountName string = ledger.outputs.accountName
output keyStoreName string = useVault ? vault!.outputs.vaultName : hsm!.outputs.hsmName
output aggregatorIdentityId string = identity.outputs.aggregatorId
output aggregatorClientId string = identity.outputs.aggregatorClientId
output workspaceId string = logs.outputs.workspaceId
