// A private endpoint and its DNS zone for each service that the coordinator uses. Names a zone does not hold are asked
// for in public: a silo's own vault may itself stand behind a private endpoint that this network cannot see.

@description('Region of the endpoints.')
param location string

@description('Prefix of the endpoints\' names.')
param endpointPrefix string

@description('Virtual network that resolves the names.')
param networkId string

@description('Subnet that holds the endpoints.')
param endpointSubnetId string

@description('Storage account of the Functions host.')
param hostAccountName string

@description('Storage account with the models.')
param modelsAccountName string

@description('Storage account with the sealed updates.')
param updatesAccountName string

@description('Service Bus namespace.')
param serviceBusNamespaceName string

@description('Cosmos DB account.')
param cosmosAccountName string

@description('Key vault; empty when a Managed HSM is used.')
param vaultName string

@description('Managed HSM; empty when a vault is used.')
param hsmName string

@description('Functions app; empty when its API is public.')
param functionAppName string

@description('Tags of every resource.')
param tags object

var blobZone = 'privatelink.blob.${environment().suffixes.storage}'
var queueZone = 'privatelink.queue.${environment().suffixes.storage}'
var tableZone = 'privatelink.table.${environment().suffixes.storage}'
var serviceBusZone = 'privatelink.servicebus.windows.net'
var cosmosZone = 'privatelink.documents.azure.com'
var vaultZone = 'privatelink.vaultcore.azure.net'
var hsmZone = 'privatelink.managedhsm.azure.net'
var siteZone = 'privatelink.azurewebsites.net'

var sharedZones = [
  blobZone
  queueZone
  tableZone
  serviceBusZone
  cosmosZone
]
var vaultZones = empty(vaultName) ? [] : [vaultZone]
var hsmZones = empty(hsmName) ? [] : [hsmZone]
var siteZones = empty(functionAppName) ? [] : [siteZone]
var zones = concat(sharedZones, vaultZones, hsmZones, siteZones)

var sharedEndpoints = [
  {
    name: 'host-blob'
    id: resourceId('Microsoft.Storage/storageAccounts', hostAccountName)
    group: 'blob'
    zone: blobZone
  }
  {
    name: 'host-queue'
    id: resourceId('Microsoft.Storage/storageAccounts', hostAccountName)
    group: 'queue'
    zone: queueZone
  }
  {
    name: 'host-table'
    id: resourceId('Microsoft.Storage/storageAccounts', hostAccountName)
    group: 'table'
    zone: tableZone
  }
  {
    name: 'models-blob'
    id: resourceId('Microsoft.Storage/storageAccounts', modelsAccountName)
    group: 'blob'
    zone: blobZone
  }
  {
    name: 'updates-blob'
    id: resourceId('Microsoft.Storage/storageAccounts', updatesAccountName)
    group: 'blob'
    zone: blobZone
  }
  {
    name: 'service-bus'
    id: resourceId('Microsoft.ServiceBus/namespaces', serviceBusNamespaceName)
    group: 'namespace'
    zone: serviceBusZone
  }
  {
    name: 'ledger'
    id: resourceId('Microsoft.DocumentDB/databaseAccounts', cosmosAccountName)
    group: 'Sql'
    zone: cosmosZone
  }
]

var vaultEndpoint = {
  name: 'vault'
  id: resourceId('Microsoft.KeyVault/vaults', vaultName)
  group: 'vault'
  zone: vaultZone
}

var hsmEndpoint = {
  name: 'hsm'
  id: resourceId('Microsoft.KeyVault/managedHSMs', hsmName)
  group: 'managedhsm'
  zone: hsmZone
}

var siteEndpoint = {
  name: 'api'
  id: resourceId('Microsoft.Web/sites', functionAppName)
  group: 'sites'
  zone: siteZone
}

var vaultEndpoints = empty(vaultName) ? [] : [vaultEndpoint]
var hsmEndpoints = empty(hsmName) ? [] : [hsmEndpoint]
var siteEndpoints = empty(functionAppName) ? [] : [siteEndpoint]
var endpoints = concat(sharedEndpoints, vaultEndpoints, hsmEndpoints, siteEndpoints)

resource dnsZones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zone in zones: {
    name: zone
    location: 'global'
    tags: tags
  }
]

resource dnsLinks 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, index) in zones: {
    parent: dnsZones[index]
    name: 'coordinator'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      resolutionPolicy: 'NxDomainRedirect'
      virtualNetwork: {
        id: networkId
      }
    }
  }
]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2025-05-01' = [
  for endpoint in endpoints: {
    name: '${endpointPrefix}${endpoint.name}'
    location: location
    tags: tags
    properties: {
      subnet: {
        id: endpointSubnetId
      }
      privateLinkServiceConnections: [
        {
          name: endpoint.name
          properties: {
            privateLinkServiceId: endpoint.id
            groupIds: [
              endpoint.group
            ]
          }
        }
      ]
    }
  }
]

resource dnsGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [
  for (endpoint, index) in endpoints: {
    parent: privateEndpoints[index]
    name: 'default'
    dependsOn: [
      dnsZones
    ]
    properties: {
      privateDnsZoneConfigs: [
        {
          name: endpoint.group
          properties: {
            privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', endpoint.zone)
          }
        }
      ]
    }
  }
]
