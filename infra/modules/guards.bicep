// Guards of the resource group: which regions things may be made in, and that nobody deletes it by mistake.

@description('Regions that are allowed; empty: not enforced.')
param allowedRegions array

@description('Lock the resource group. With the lock `azd down` fails until it is taken off.')
param resourceLock bool

// The built-in definition `Allowed locations` leaves global resources alone, such as DNS zones and alert rules.
var allowedLocations = tenantResourceId('Microsoft.Authorization/policyDefinitions', 'e56962a6-4747-49cd-b67b-bf8b01975c4c')

resource residency 'Microsoft.Authorization/policyAssignments@2025-03-01' = if (!empty(allowedRegions)) {
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

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (resourceLock) {
  name: 'keep'
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds the ledger, the models and the plan-signing key.'
  }
}
