// Need: several organisations, each with its own tenant, that do not want to connect their networks.
// Deploys: the coordinator reachable from the public network by Entra identities only, zones, a year of logs, a lock.
// Each silo deploys consortium.silo.bicepparam into its own subscription. The aggregator opens vaults of other tenants as an
// application that they consent to (docs/provisioning.md, "Another tenant").
// About what it costs: docs/cost.md, "consortium".
using '../main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'consortium')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param apiClientId = readEnvironmentVariable('API_CLIENT_ID', '')
param aggregatorApplicationId = readEnvironmentVariable('AGGREGATOR_APPLICATION_ID', '')
param durableBackend = 'dts'
param networkIsolation = false
param zoneRedundant = true
param instanceMemoryMB = 4096
param modelImmutabilityDays = 90
param updateRetentionDays = 7
param logRetentionDays = 365
param resourceLock = true
