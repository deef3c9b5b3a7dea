// The identity that deploys from GitHub. It is apart from all that run: it lives in a resource group of its own, holds
// no data right, and trusts one repository's one environment. Its rights are granted by an owner, once, with the
// commands in docs/provisioning.md: a template that grants rights to who runs it could grant itself any.

@description('Region of the identity.')
param location string = resourceGroup().location

@description('Name of the identity.')
param identityName string = 'id-tributary-deployment'

@description('The repository, as owner/name.')
param repository string

@description('The environment of that repository whose jobs may deploy.')
param repositoryEnvironment string = 'production'

resource deployment 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: identityName
  location: location
  tags: {
    workload: 'tributary'
  }
}

resource github 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = {
  parent: deployment
  name: 'github'
  properties: {
    issuer: 'https://token.actions.githubusercontent.com'
    subject: 'repo:${repository}:environment:${repositoryEnvironment}'
    audiences: [
      'api://AzureADTokenExchange'
    ]
  }
}

output clientId string = deployment.properties.clientId
output principalId string = deployment.properties.principalId
