// Data residency: nothing in this resource group may be made outside the named regions. The built-in definition
// `Allowed locations` leaves global resources alone, such as DNS zones and alert rules.

@description('Regions that are allowed.')
@minLength(1)
param allowedRegions array

var allowedLocations = tenantResourceId('Microsoft.Authorization/policyDefinitions', 'e56962a6-4747-49cd-b67b-bf8b01975c4c')

resource assignment 'Microsoft.Authorization/policyAssignments@2025-03-01' = {
  name: 'data-residency'
  properties: {
    displayName: 'Tributary: allowed regions'
    policyDefinitionId: allowedLocations
    enforcementMode: 'Default'
    parameters: {
      listOfAllowedLocations: {
        value: allowedRegions
      }
    }
    nonComplianceMessages: [
      {
        message: 'Data of this federation stays in its regions.'
      }
    ]
  }
}

output assignmentName string = assignment.name
