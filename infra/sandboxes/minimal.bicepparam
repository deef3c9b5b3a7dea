// Need: try it, with a few silos and models of some megabytes.
// Deploys: the coordinator in one region, reachable from the public network by Entra identities only; ledger and app
// scale to nothing. Not: private endpoints, zones, locks, a policy on models.
// About what it costs: docs/cost.md, "minimal".
using '../main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'minimal')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param apiClientId = readEnvironmentVariable('API_CLIENT_ID', '')
param durableBackend = 'dts'
param networkIsolation = false
param updateRetentionDays = 7
param maximumInstances = 10
param logDailyCapGb = 1
