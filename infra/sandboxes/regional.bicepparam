// Need: one organisation whose data must stay in their regions; the model is trained across them.
// Deploys: the coordinator in one region, with an Azure Policy assignment that refuses resources anywhere else. Each
// region's silo is regional.silo.bicepparam, deployed once for each region into a resource group there.
// About what it costs: docs/cost.md, "regional".
using '../main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'regional')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param apiClientId = readEnvironmentVariable('API_CLIENT_ID', '')
param durableBackend = 'dts'
param networkIsolation = false
param zoneRedundant = true
param allowedRegions = ['westeurope', 'northeurope']
param updateRetentionDays = 7
