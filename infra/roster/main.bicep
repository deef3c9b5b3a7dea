// Who takes part, on Azure's side: for each silo a queue, a container and the rights on them. Deploy it to the
// coordinator's resource group whenever the list changes:
//
//   az deployment group create -g <group> -f infra/roster/main.bicep -p infra/roster/main.parameters.json
//
// Taking an entry off the list removes nothing: remove-silo.mjs does. Admitting a silo to
// experiments is a decision of its own, made in the coordinator (`POST /api/silos/{id}/admit`).

@description('The silos: `silo` is its id, `principalId` the object id of its identity in the coordinator\'s tenant.')
param silos array

@description('Service Bus namespace of the coordinator (output SERVICE_BUS_NAMESPACE).')
param serviceBusNamespaceName string

@description('Storage account of sealed updates (output UPDATES_ACCOUNT).')
param updatesAccountName string

@description('Principal of the coordinator (output COORDINATOR_PRINCIPAL_ID).')
param coordinatorPrincipalId string

@description('Principal of the aggregator (output AGGREGATOR_PRINCIPAL_ID).')
param aggregatorPrincipalId string

module places 'modules/place.bicep' = [
  for entry in silos: {
    name: 'place-${entry.silo}'
    params: {
      silo: entry.silo
      serviceBusNamespaceName: serviceBusNamespaceName
      updatesAccountName: updatesAccountName
    }
  }
]

module roles 'modules/roles.bicep' = [
  for entry in silos: {
    name: 'roles-${entry.silo}'
    dependsOn: [
      places
    ]
    params: {
      silo: entry.silo
      siloPrincipalId: entry.principalId
      coordinatorPrincipalId: coordinatorPrincipalId
      aggregatorPrincipalId: aggregatorPrincipalId
      serviceBusNamespaceName: serviceBusNamespaceName
      updatesAccountName: updatesAccountName
    }
  }
]

output queues array = [for (entry, index) in silos: places[index].outputs.queueName]
output containers array = [for (entry, index) in silos: places[index].outputs.containerName]
