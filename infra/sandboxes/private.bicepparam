// Need: nothing on the public network, the API included: silos and operators are in networks that are peered with the
// coordinator's, or come by VPN.
// Deploys: the coordinator behind private endpoints with Premium Service Bus, an outgoing address of its own, zones, a
// lock, a year of immutable models. `azd deploy` must run from a machine inside that network.
// About what it costs: docs/cost.md, "private".
using '../main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'private')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param apiClientId = readEnvironmentVariable('API_CLIENT_ID', '')
param durableBackend = 'dts'
param networkIsolation = true
param publicApi = false
param peerAddressRanges = ['10.0.0.0/16']
param zoneRedundant = true
param ledgerMaxThroughput = 1000
param modelImmutabilityDays = 365
param updateRetentionDays = 7
param logRetentionDays = 365
param resourceLock = true
