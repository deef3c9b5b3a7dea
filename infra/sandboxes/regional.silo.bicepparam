// Need: the silo of one region: its data, its keys and its log do not leave it.
// Deploys: identity, vault, log, alerts and a machine for the agent, in one region, and refuses resources anywhere else in
// its resource group. Repeat for each region.
// About what it costs: docs/cost.md, "regional", column "one silo", and the machine.
using '../silo/main.bicep'

param silo = readEnvironmentVariable('SILO', 'north-europe')
param location = readEnvironmentVariable('SILO_REGION', 'northeurope')
param allowedRegions = [readEnvironmentVariable('SILO_REGION', 'northeurope')]
param aggregatorPrincipalId = readEnvironmentVariable('AGGREGATOR_PRINCIPAL_ID', '')
param agentCompute = 'vm'
param vmSshPublicKey = readEnvironmentVariable('SILO_SSH_PUBLIC_KEY', '')
param agentArchiveUrl = readEnvironmentVariable('AGENT_ARCHIVE_URL', '')
param agentArchiveSha256 = readEnvironmentVariable('AGENT_ARCHIVE_SHA256', '')
param siloConfiguration = readEnvironmentVariable('SILO_YAML', '')
