// The agent in Container Apps: one replica, no ingress. Its work directory lives as long as the replica, and a journal
// that is lost is a plan that is lost: after a restart the silo misses the attempt under way. For trials; use a machine
// with a disk (agent-vm.bicep, Kubernetes) where that matters. A mounted file share would need an account key.

@description('Region of the app.')
param location string

@description('Names of the environment and of the app.')
param environmentName string
param appName string

@description('Image of the agent and its training code, by digest.')
param agentImage string

@description('The contents of silo.yaml. It holds no secret; it is mounted the way secrets are, which is how files are.')
param siloConfiguration string

@description('Identity of the agent.')
param agentIdentityId string
param agentClientId string

@description('Workspace for the logs.')
param workspaceId string

@description('Tags of every resource.')
param tags object

resource environment 'Microsoft.App/managedEnvironments@2025-07-01' = {
  name: environmentName
  location: location
  tags: tags
  properties: {
    zoneRedundant: false
    appLogsConfiguration: {
      destination: 'azure-monitor'
    }
    peerAuthentication: {
      mtls: {
        enabled: true
      }
    }
    workloadProfiles: [
      {
        name: 'Consumption'
        workloadProfileType: 'Consumption'
      }
    ]
  }
}

resource app 'Microsoft.App/containerApps@2025-07-01' = {
  name: appName
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${agentIdentityId}': {}
    }
  }
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      secrets: [
        {
          name: 'silo-yaml'
          value: siloConfiguration
        }
      ]
    }
    template: {
      terminationGracePeriodSeconds: 30
      scale: {
        minReplicas: 1
        maxReplicas: 1
      }
      containers: [
        {
          name: 'agent'
          image: agentImage
          args: [
            '--config'
            '/etc/tributary/silo.yaml'
            '--json'
          ]
          env: [
            {
              name: 'AZURE_CLIENT_ID'
              value: agentClientId
            }
            {
              name: 'AZURE_TOKEN_CREDENTIALS'
              value: 'prod'
            }
          ]
          resources: {
            cpu: json('2.0')
            memory: '4Gi'
          }
          volumeMounts: [
            {
              volumeName: 'configuration'
              mountPath: '/etc/tributary'
            }
            {
              volumeName: 'work'
              mountPath: '/var/lib/tributary'
            }
          ]
        }
      ]
      volumes: [
        {
          name: 'configuration'
          storageType: 'Secret'
          secrets: [
            {
              secretRef: 'silo-yaml'
              path: 'silo.yaml'
            }
          ]
        }
        {
          name: 'work'
          storageType: 'EmptyDir'
        }
      ]
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: environment
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

output appName string = app.name
