// The coordinator, whole: `azd up` deploys this. What each part is for and who may do what: infra/README.md.
// Every module declares its resources itself: no registry modules (docs/decisions, own Bicep modules).
targetScope = 'subscription'

@description('Name of the azd environment; part of every name.')
@minLength(1)
@maxLength(24)
param environmentName string

@description('Region of all resources.')
@minLength(1)
param location string

@description('Application (client) id of the API\'s app registration; infra/hooks/api-registration.mjs makes it.')
@minLength(1)
param apiClientId string

@description('Tenants whose tokens the API takes, besides this one.')
param apiFurtherTenants array = []

@description('Where Durable Functions keep their state: the host\'s storage account, or a Durable Task Scheduler.')
@allowed(['storage', 'dts'])
param durableBackend string = 'storage'

@description('Billing of the scheduler.')
@allowed(['Consumption', 'Dedicated'])
param schedulerSku string = 'Consumption'

@description('Address ranges (CIDR) that may reach the scheduler; empty: any without network isolation, ours with it.')
param schedulerAddressRanges array = []

@description('Put every service behind private endpoints. Takes the Premium tier of Service Bus.')
param networkIsolation bool = true

@description('Address range (CIDR, /24 or larger) of the virtual network.')
param networkAddressPrefix string = '10.82.0.0/24'

@description('Address ranges (CIDR) from which silos reach Service Bus, updates and models despite the isolation.')
param siloAddressRanges array = []

@description('Is the API reachable from the public network?')
param publicApi bool = true

@description('Address ranges (CIDR) that may call the public API; empty: any.')
param apiAddressRanges array = []

@description('Where the plan-signing key lives.')
@allowed(['vault', 'managed-hsm'])
param keyStore string = 'vault'

@description('With `managed-hsm`: object ids of the people who administer the pool.')
param hsmAdministrators array = []

@description('With `managed-hsm`: versioned id of the plan-signing key; empty at the first deployment, before it exists.')
param planSigningKeyId string = ''

@description('Bring back the vault of this environment that was deleted less than 90 days ago.')
param recoverVault bool = false

@description('Consistency of the ledger.')
@allowed(['BoundedStaleness', 'Strong'])
param ledgerConsistency string = 'Strong'

@description('Highest throughput of the ledger in RU/s when scaled by load; 0: serverless.')
@minValue(0)
param ledgerMaxThroughput int = 0

@description('Days for which published models may not be overwritten or deleted; 0 sets no policy.')
@minValue(0)
param modelImmutabilityDays int = 0

@description('A locked immutability policy can never be shortened or removed.')
@allowed(['Unlocked', 'Locked'])
param modelImmutabilityState string = 'Unlocked'

@description('Days after which sealed updates are deleted.')
@minValue(1)
param updateRetentionDays int = 30

@description('Memory of an instance in MB; 4096 for large models.')
@allowed([2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances of the app.')
@minValue(1)
@maxValue(1000)
param maximumInstances int = 40

@description('Instances that always wait for orchestrations; 0 scales to nothing between rounds.')
@minValue(0)
param alwaysReadyInstances int = 0

@description('Spread everything over the zones of the region.')
param zoneRedundant bool = false

@description('How long logs are kept, in days.')
@minValue(90)
@maxValue(730)
param logRetentionDays int = 90

@description('Most log that is taken in a day, in GB; -1: no cap.')
@minValue(-1)
param logDailyCapGb int = 5

@description('Mail addresses that alerts go to.')
param alertEmails array = []

@description('Lock the resource group against deletion.')
param resourceLock bool = false

@description('Regions in which resources may be made, enforced by Azure Policy; empty: not enforced.')
param allowedRegions array = []

var names = loadJsonContent('abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = {
  'azd-env-name': environmentName
  workload: 'tributary'
}
var databaseName = 'tributary'
var taskHubName = 'Tributary'
var planSigningKeyName = 'plan-signing'
var useVault = keyStore == 'vault'
var useScheduler = durableBackend == 'dts'

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: '${names.resourceGroup}${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
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
  scope: group
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
  scope: group
  params: {
    location: location
    networkName: '${names.virtualNetwork}${token}'
    natGatewayName: '${names.natGateway}${token}'
    publicIpAddressName: '${names.publicIpAddress}${token}'
    appSecurityGroupName: '${names.networkSecurityGroup}app-${token}'
    endpointSecurityGroupName: '${names.networkSecurityGroup}endpoints-${token}'
    addressPrefix: networkAddressPrefix
    workspaceId: logs.outputs.workspaceId
    tags: tags
  }
}

module accounts 'modules/accounts.bicep' = {
  name: 'accounts'
  scope: group
  params: {
    location: location
    hostAccountName: '${names.storageAccount}host${token}'
    modelsAccountName: '${names.storageAccount}model${token}'
    updatesAccountName: '${names.storageAccount}updat${token}'
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
  scope: group
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
  scope: group
  params: {
    location: location
    accountName: '${names.cosmosAccount}${token}'
    databaseName: databaseName
    consistency: ledgerConsistency
    autoscaleMaxThroughput: ledgerMaxThroughput
    zoneRedundant: zoneRedundant
    networkIsolation: networkIsolation
    workspaceId: logs.outputs.workspaceId
    tags: tags
  }
}

module vault 'modules/vault.bicep' = if (useVault) {
  name: 'vault'
  scope: group
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
  scope: group
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
  scope: group
  params: {
    location: location
    schedulerName: '${names.durableTaskScheduler}${token}'
    taskHubName: taskHubName
    skuName: schedulerSku
    allowedAddressRanges: !empty(schedulerAddressRanges) ? schedulerAddressRanges : networkIsolation ? ['${network!.outputs.egressAddress}/32'] : ['0.0.0.0/0']
    tags: tags
  }
}

module host 'modules/host.bicep' = {
  name: 'host'
  scope: group
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
  scope: group
  params: {
    functionAppName: host.outputs.functionAppName
    hostClientId: identity.outputs.hostClientId
    coordinatorClientId: identity.outputs.coordinatorClientId
    aggregatorClientId: identity.outputs.aggregatorClientId
    hostAccountName: accounts.outputs.hostAccountName
    serviceBusHostName: messaging.outputs.hostName
    cosmosEndpoint: ledger.outputs.endpoint
    cosmosDatabaseName: ledger.outputs.databaseName
    modelsBlobEndpoint: accounts.outputs.modelsBlobEndpoint
    updatesBlobEndpoint: accounts.outputs.updatesBlobEndpoint
    planSigningKeyId: useVault ? vault!.outputs.planSigningKeyId : planSigningKeyId
    apiClientId: apiClientId
    apiFurtherTenants: apiFurtherTenants
    durableBackend: durableBackend
    schedulerEndpoint: useScheduler ? durableTask!.outputs.endpoint : ''
    taskHubName: useScheduler ? durableTask!.outputs.taskHubName : ''
    applicationInsightsConnectionString: logs.outputs.applicationInsightsConnectionString
  }
}

module apiAuthentication 'modules/api-authentication.bicep' = {
  name: 'api-authentication'
  scope: group
  params: {
    functionAppName: host.outputs.functionAppName
    apiClientId: apiClientId
  }
}

module privateEndpoints 'modules/private-endpoints.bicep' = if (networkIsolation) {
  name: 'private-endpoints'
  scope: group
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
  scope: group
  params: {
    hostPrincipalId: identity.outputs.hostPrincipalId
    coordinatorPrincipalId: identity.outputs.coordinatorPrincipalId
    hostAccountName: accounts.outputs.hostAccountName
    modelsAccountName: accounts.outputs.modelsAccountName
    serviceBusNamespaceName: messaging.outputs.namespaceName
    vaultName: useVault ? vault!.outputs.vaultName : ''
    planSigningKeyName: planSigningKeyName
    applicationInsightsName: logs.outputs.applicationInsightsName
    schedulerName: useScheduler ? durableTask!.outputs.schedulerName : ''
    taskHubName: useScheduler ? durableTask!.outputs.taskHubName : ''
  }
}

module cosmosRoles 'modules/cosmos-roles.bicep' = {
  name: 'cosmos-roles'
  scope: group
  params: {
    cosmosAccountName: ledger.outputs.accountName
    databaseName: ledger.outputs.databaseName
    coordinatorPrincipalId: identity.outputs.coordinatorPrincipalId
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    actionGroupName: '${names.actionGroup}${token}'
    rulePrefix: '${environmentName}-'
    alertEmails: alertEmails
    workspaceId: logs.outputs.workspaceId
    serviceBusNamespaceId: messaging.outputs.namespaceId
    coordinatorPrincipalId: identity.outputs.coordinatorPrincipalId
    planSigningKeyName: planSigningKeyName
    tags: tags
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    location: location
    workspaceId: logs.outputs.workspaceId
    tags: tags
  }
}

module residency 'modules/residency.bicep' = if (!empty(allowedRegions)) {
  name: 'residency'
  scope: group
  params: {
    allowedRegions: allowedRegions
  }
}

module lock 'modules/lock.bicep' = if (resourceLock) {
  name: 'lock'
  scope: group
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output SERVICE_API_NAME string = host.outputs.functionAppName
output SERVICE_API_URL string = host.outputs.url
output API_AUDIENCE string = apiClientId
output SERVICE_BUS_NAMESPACE string = messaging.outputs.namespaceName
output SERVICE_BUS_HOST string = messaging.outputs.hostName
output UPDATES_ACCOUNT string = accounts.outputs.updatesAccountName
output UPDATES_ACCOUNT_URL string = accounts.outputs.updatesBlobEndpoint
output COORDINATOR_PRINCIPAL_ID string = identity.outputs.coordinatorPrincipalId
output AGGREGATOR_PRINCIPAL_ID string = identity.outputs.aggregatorPrincipalId
output EGRESS_ADDRESS string = networkIsolation ? network!.outputs.egressAddress : ''
