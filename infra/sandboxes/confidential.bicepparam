// Need: not even the coordinator's operators may be able to read an update.
// Deploys: the coordinator behind private endpoints, its plan-signing key in a Managed HSM. Then come
// confidential.worker.bicepparam (a place for the aggregation worker on confidential compute) and
// confidential.silo.bicepparam (a key that is released to attested code only).
// Limit: the worker does not exist yet. Today this sandbox gives the network and the HSM; updates are still opened in
// the Functions app.
// About what it costs: docs/cost.md, "confidential".
using '../main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'confidential')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param apiClientId = readEnvironmentVariable('API_CLIENT_ID', '')
param durableBackend = 'dts'
param networkIsolation = true
param publicApi = false
param peerAddressRanges = ['10.0.0.0/16']
param keyStore = 'managed-hsm'
param hsmAdministrators = [readEnvironmentVariable('HSM_ADMINISTRATOR', '')]
param planSigningKeyId = readEnvironmentVariable('PLAN_SIGNING_KEY_ID', '')
param zoneRedundant = true
param ledgerMaxThroughput = 1000
param modelImmutabilityDays = 365
param updateRetentionDays = 7
param logRetentionDays = 365
param resourceLock = true
