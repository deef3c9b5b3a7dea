// One user-assigned identity per purpose. All three run in the one Functions app, so they are no boundary against its
// code: they keep rights least and logs readable. Who deploys is a fourth identity, apart (infra/deployment).

@description('Region of the identities.')
param location string

@description('Name of the identity that runs the Functions host: its state, its package, its telemetry.')
param hostIdentityName string

@description('Name of the identity that sends plans, keeps the ledger and signs.')
param coordinatorIdentityName string

@description('Name of the identity that opens sealed updates.')
param aggregatorIdentityName string

@description('Tags of every resource.')
param tags object

resource host 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: hostIdentityName
  location: location
  tags: tags
}

resource coordinator 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: coordinatorIdentityName
  location: location
  tags: tags
}

resource aggregator 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: aggregatorIdentityName
  location: location
  tags: tags
}

output hostId string = host.id
output hostClientId string = host.properties.clientId
output hostPrincipalId string = host.properties.principalId

output coordinatorId string = coordinator.id
output coordinatorClientId string = coordinator.properties.clientId
output coordinatorPrincipalId string = coordinator.properties.principalId

output aggregatorId string = aggregator.id
output aggregatorClientId string = aggregator.properties.clientId
output aggregatorPrincipalId string = aggregator.properties.principalId
