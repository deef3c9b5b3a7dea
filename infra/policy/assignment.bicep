// The initiative, in force in one resource group.

@description('The initiative.')
param initiativeId string

@description('Refuse, or only report.')
param effect string

resource assignment 'Microsoft.Authorization/policyAssignments@2025-03-01' = {
  name: 'tributary'
  properties: {
    displayName: 'Tributary: no keys, no passwords, nothing public'
    policyDefinitionId: initiativeId
    enforcementMode: 'Default'
    parameters: {
      effect: {
        value: effect
      }
    }
    nonComplianceMessages: [
      {
        message: 'Tributary uses Entra identities only, and no data is open to anybody: see infra/README.md.'
      }
    ]
  }
}

output assignmentId string = assignment.id
