// A place for an aggregation worker on confidential compute: a confidential container group whose policy, measured and
// attested, is what a silo's `kek` may be released to. Orchestration, queues and ledger stay in the Functions app.
// Limit: the product has no worker image yet and asks for no release of keys. This is where one would run, and what the
// silos' release policies (infra/silo, `releasePolicy`) would name. Deploy it to the coordinator's resource group.

@description('Region of the group; it must offer confidential containers.')
param location string = resourceGroup().location

@description('Name of the container group.')
param workerName string = 'ci-tributary-aggregator'

@description('Image of the worker, by digest. The product has none: it must be your own.')
param workerImage string

@description('Confidential computing enforcement policy (base64), from: az confcom acipolicygen. Its SHA-256 is the host data.')
param enforcementPolicy string

@description('Resource id of the aggregator\'s identity.')
param aggregatorIdentityId string

@description('Its client id.')
param aggregatorClientId string

@description('Subnet, delegated to Microsoft.ContainerInstance/containerGroups, that the worker speaks from.')
param subnetId string

@description('Processors and memory of the worker.')
param cpu int = 4
param memoryGb int = 16

@description('Workspace for the logs.')
param workspaceId string

resource worker 'Microsoft.ContainerInstance/containerGroups@2025-09-01' = {
  name: workerName
  location: location
  tags: {
    workload: 'tributary'
  }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${aggregatorIdentityId}': {}
    }
  }
  properties: {
    sku: 'Confidential'
    osType: 'Linux'
    restartPolicy: 'Always'
    confidentialComputeProperties: {
      ccePolicy: enforcementPolicy
    }
    subnetIds: [
      {
        id: subnetId
      }
    ]
    containers: [
      {
        name: 'aggregator'
        properties: {
          image: workerImage
          environmentVariables: [
            {
              name: 'AZURE_CLIENT_ID'
              value: aggregatorClientId
            }
          ]
          resources: {
            requests: {
              cpu: cpu
              memoryInGB: memoryGb
            }
          }
          securityContext: {
            allowPrivilegeEscalation: false
            privileged: false
            runAsUser: 65532
            runAsGroup: 65532
          }
        }
      }
    ]
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: worker
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
    metrics: [
      {
        category: 'AllMetrics'
        enabled: true
      }
    ]
  }
}

output workerId string = worker.id
