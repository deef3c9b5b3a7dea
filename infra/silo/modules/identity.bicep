// The agent's identity. It reads the two keys, signs with one, and is what the coordinator's roster pins. A Kubernetes
// cluster or any other issuer of OpenID tokens may act as it by a federated credential: no secret is kept anywhere.

@description('Region of the identity.')
param location string

@description('Name of the identity.')
param identityName string

@description('Issuer whose tokens may act as the agent; empty: none.')
param tokenIssuer string

@description('Subject of those tokens, such as system:serviceaccount:tributary:agent.')
param tokenSubject string

@description('Tags of every resource.')
param tags object

resource agent 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: identityName
  location: location
  tags: tags
}

resource workload 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = if (!empty(tokenIssuer)) {
  parent: agent
  name: 'workload'
  properties: {
    issuer: tokenIssuer
    subject: tokenSubject
    audiences: [
      'api://AzureADTokenExchange'
    ]
  }
}

output agentId string = agent.id
output agentClientId string = agent.properties.clientId
output agentPrincipalId string = agent.properties.principalId
