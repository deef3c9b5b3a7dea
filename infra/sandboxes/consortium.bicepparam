// Need: several organisations, each with its own tenant, that do not want to connect their networks.
// Deploys: the coordinator reachable from the public network by Entra identities only, zones, a year of logs, a lock.
// Each silo deploys consortium.silo.bicepparam into its own subscription. Limit: today's aggregator unwraps only with
// vaults of the coordinator's tenant (docs/provisioning.md, "Another tenant").
// About what it costs: docs/cost.md, "consortium".
using '../main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'consortium')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param apiClientId = readEnvironmentVariable('API_CLIENT_ID', '')
param durableBackend = 'dts'
param networkIsolation = false
param zoneRedundant = true
param instanceMemoryMB = 4096
param modelImmutabilityDays = 90
param updateRetentionDays = 7
param logRetentionDays = 365
param resourceLock = true
