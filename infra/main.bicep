// The coordinator, whole: `azd up` deploys this. Here is what may be chosen; coordinator.bicep puts the parts together.
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

@description('Application (client) id that the aggregator is at vaults of other tenants; empty: all silos are of this tenant.')
param aggregatorApplicationId string = ''

@description('Where Durable Functions keep their state: the host\'s storage account, or a Durable Task Scheduler.')
@allowed(['storage', 'dts'])
param durableBackend string = 'storage'

@description('Address ranges (CIDR) that may reach the scheduler; empty: any without network isolation, ours with it.')
param schedulerAddressRanges array = []

@description('Put every service behind private endpoints. Takes the Premium tier of Service Bus.')
param networkIsolation bool = true

@description('Address ranges (CIDR) of the virtual network and its two subnets.')
param networkAddressPrefix string = '10.82.0.0/24'
param appSubnetPrefix string = '10.82.0.0/26'
param endpointSubnetPrefix string = '10.82.0.64/26'

@description('Address ranges (CIDR) of peered networks and VPNs whose machines may use the private endpoints.')
param peerAddressRanges array = []

@description('Addresses, or ranges (CIDR, not smaller than /30), from which silos reach Service Bus, updates, models despite isolation.')
param siloAddressRanges array = []

@description('Is the API reachable from the public network?')
param publicApi bool = true

@description('Address ranges (CIDR; one address is /32) that may call the public API; empty: any.')
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

@description('A key of your own for ledger, models and updates at rest; all empty: keys of the platform. The identity may already wrap and unwrap with it.')
param customerKey object = {
  vaultUri: ''
  keyName: ''
  identityId: ''
}

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
var tags = {
  'azd-env-name': environmentName
  workload: 'tributary'
}

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: '${names.resourceGroup}${environmentName}'
  location: location
  tags: tags
}

module coordinator 'coordinator.bicep' = {
  name: 'coordinator'
  scope: group
  params: {
    token: toLower(uniqueString(subscription().id, environmentName, location))
    tags: tags
    location: location
    apiClientId: apiClientId
    aggregatorApplicationId: aggregatorApplicationId
    durableBackend: durableBackend
    schedulerAddressRanges: schedulerAddressRanges
    networkIsolation: networkIsolation
    networkAddressPrefix: networkAddressPrefix
    appSubnetPrefix: appSubnetPrefix
    endpointSubnetPrefix: endpointSubnetPrefix
    peerAddressRanges: peerAddressRanges
    siloAddressRanges: siloAddressRanges
    publicApi: publicApi
    apiAddressRanges: apiAddressRanges
    keyStore: keyStore
    hsmAdministrators: hsmAdministrators
    planSigningKeyId: planSigningKeyId
    recoverVault: recoverVault
    ledgerConsistency: ledgerConsistency
    ledgerMaxThroughput: ledgerMaxThroughput
    customerKey: customerKey
    modelImmutabilityDays: modelImmutabilityDays
    modelImmutabilityState: modelImmutabilityState
    updateRetentionDays: updateRetentionDays
    instanceMemoryMB: instanceMemoryMB
    maximumInstances: maximumInstances
    alwaysReadyInstances: alwaysReadyInstances
    zoneRedundant: zoneRedundant
    logRetentionDays: logRetentionDays
    logDailyCapGb: logDailyCapGb
    alertEmails: alertEmails
    resourceLock: resourceLock
    allowedRegions: allowedRegions
  }
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output SERVICE_API_NAME string = coordinator.outputs.functionAppName
output SERVICE_API_URL string = coordinator.outputs.url
output API_AUDIENCE string = apiClientId
output SERVICE_BUS_NAMESPACE string = coordinator.outputs.serviceBusNamespaceName
output SERVICE_BUS_HOST string = coordinator.outputs.serviceBusHostName
output UPDATES_ACCOUNT string = coordinator.outputs.updatesAccountName
output UPDATES_ACCOUNT_URL string = coordinator.outputs.updatesBlobEndpoint
output COORDINATOR_PRINCIPAL_ID string = coordinator.outputs.coordinatorPrincipalId
output AGGREGATOR_PRINCIPAL_ID string = coordinator.outputs.aggregatorPrincipalId
output EGRESS_ADDRESS string = coordinator.outputs.egressAddress
output MODELS_ACCOUNT string = coordinator.outputs.modelsAccountName
output COSMOS_ACCOUNT string = coordinator.outputs.cosmosAccountName
output KEY_STORE string = coordinator.outputs.keyStoreName
output AGGREGATOR_IDENTITY_ID string = coordinator.outputs.aggregatorIdentityId
output AGGREGATOR_CLIENT_ID string = coordinator.outputs.aggregatorClientId
output WORKSPACE_ID string = coordinator.outputs.workspaceId
