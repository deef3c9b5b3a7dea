// Need: the place where attested code would open updates (see confidential.bicepparam, and its limit).
// Deploys: a confidential container group that runs as the aggregator, from an image of your own. The product has no worker
// image: what runs there is not Tributary, and the coordinator gives it no work.
// About what it costs: not in docs/cost.md, as there is no worker to measure.
using '../confidential/main.bicep'

param workerImage = readEnvironmentVariable('WORKER_IMAGE', '')
param enforcementPolicy = readEnvironmentVariable('ENFORCEMENT_POLICY')
param aggregatorIdentityId = readEnvironmentVariable('AGGREGATOR_IDENTITY_ID')
param aggregatorClientId = readEnvironmentVariable('AGGREGATOR_CLIENT_ID')
param subnetId = readEnvironmentVariable('WORKER_SUBNET_ID')
param workspaceId = readEnvironmentVariable('WORKSPACE_ID')
