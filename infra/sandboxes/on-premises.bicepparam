// Need: silos whose machines stand in their own buildings and reach out over port 443 only.
// Deploys: the coordinator reachable from the public network by Entra identities only. Each silo is
// on-premises.silo.bicepparam: its machine is a server connected by Azure Arc, or has a certificate.
// About what it costs: docs/cost.md, "on-premises".
using '../main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'on-premises')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param apiClientId = readEnvironmentVariable('API_CLIENT_ID', '')
param durableBackend = 'dts'
param networkIsolation = false
param updateRetentionDays = 7
