// What the app is told: docs/settings.md. No setting is a secret. Two are called connection strings by the platform;
// they name an endpoint and an identity, and open nothing to who is not that identity.

@description('Name of the Functions app.')
param functionAppName string

@description('Client ids of the three identities.')
param hostClientId string
param coordinatorClientId string
param aggregatorClientId string

@description('Application that the aggregator is at vaults of other tenants; empty: there are none.')
param aggregatorApplicationId string

@description('Storage account of the host.')
param hostAccountName string

@description('Host name of the Service Bus namespace.')
param serviceBusHostName string

@description('Endpoint of the Cosmos DB account, and the database in it.')
param cosmosEndpoint string
param cosmosDatabaseName string

@description('Blob endpoint of the models account.')
param modelsBlobEndpoint string

@description('Blob endpoint of the updates account.')
param updatesBlobEndpoint string

@description('Versioned id of the key that signs plans.')
param planSigningKeyId string

@description('Application (client) id of the API\'s app registration; it issues v2.0 tokens.')
param apiClientId string

@description('Where durable state is kept.')
@allowed([
  'storage'
  'dts'
])
param durableBackend string

@description('Endpoint and task hub of the scheduler; empty with `storage`.')
param schedulerEndpoint string
param taskHubName string

@description('Connection string of Application Insights; it opens nothing, as local authentication is off there.')
param applicationInsightsConnectionString string

var login = environment().authentication.loginEndpoint
var tenantId = tenant().tenantId

var settings = {
  AzureWebJobsStorage__accountName: hostAccountName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: hostClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${hostClientId};Authorization=AAD'
  AZURE_TOKEN_CREDENTIALS: 'prod'
  ServiceBusConnection__fullyQualifiedNamespace: serviceBusHostName
  ServiceBusConnection__credential: 'managedidentity'
  ServiceBusConnection__clientId: coordinatorClientId
  COSMOS_ENDPOINT: cosmosEndpoint
  COSMOS_DATABASE: cosmosDatabaseName
  MODELS_ACCOUNT_URL: modelsBlobEndpoint
  UPDATES_ACCOUNT_URL: updatesBlobEndpoint
  PLAN_SIGNING_KEY_ID: planSigningKeyId
  COORDINATOR_CLIENT_ID: coordinatorClientId
  AGGREGATOR_CLIENT_ID: aggregatorClientId
  COORDINATOR_TENANT_ID: tenantId
  AGGREGATOR_APPLICATION_ID: aggregatorApplicationId
  AZURE_AUTHORITY_HOST: login
  API_AUDIENCE: apiClientId
  API_ISSUERS: '${login}${tenantId}/v2.0'
  API_JWKS_URL: '${login}${tenantId}/discovery/v2.0/keys'
  API_TENANTS: tenantId
  KEYVAULT_VERIFY_CHALLENGE: 'true'
}

// host.json describes the storage backend; these replace its type and its hub.
var schedulerSettings = {
  AzureFunctionsJobHost__extensions__durableTask__hubName: taskHubName
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: 'azureManaged'
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
  DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${hostClientId}'
}

resource site 'Microsoft.Web/sites@2025-03-01' existing = {
  name: functionAppName
}

resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: site
  name: 'appsettings'
  properties: durableBackend == 'dts' ? union(settings, schedulerSettings) : settings
}

// For what must not change the app at the same time.
output functionAppName string = site.name
