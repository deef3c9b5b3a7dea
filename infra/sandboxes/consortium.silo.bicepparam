// Need: one organisation of a consortium, in its own tenant.
// Deploys: its vault with two HSM keys, its identity, its log of every use of its keys, alerts. The agent runs on
// Kubernetes (infra/silo/kubernetes) as this identity, by a federated credential.
// About what it costs: docs/cost.md, "consortium", column "one silo".
using '../silo/main.bicep'

param silo = readEnvironmentVariable('SILO', 'north-clinic')
param aggregatorPrincipalId = readEnvironmentVariable('AGGREGATOR_PRINCIPAL_ID', '')
param tokenIssuer = readEnvironmentVariable('CLUSTER_ISSUER', '')
param logRetentionDays = 730
param resourceLock = true
