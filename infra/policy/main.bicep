// An initiative that refuses what this deployment never does: keys and passwords as a way in, and data open to anybody.
// It guards against a later hand in the portal. Assign it to the coordinator's resource group, and to silos':
//
//   az deployment sub create -l <region> -f infra/policy/main.bicep -p resourceGroupName=<group>
targetScope = 'subscription'

@description('Resource group that the initiative is assigned to.')
param resourceGroupName string

@description('Refuse, or only report.')
@allowed(['Deny', 'Audit'])
param effect string = 'Deny'

@description('Refuse public network access of services that only the coordinator uses (ledger, host state, vault).')
param denyPublicNetwork bool = false

// Each rule: a type of resource, the property that must have the value, and what is refused otherwise.
var rules = [
  {
    name: 'service-bus-local-auth'
    title: 'Service Bus takes Entra identities only'
    type: 'Microsoft.ServiceBus/namespaces'
    field: 'Microsoft.ServiceBus/namespaces/disableLocalAuth'
    value: 'true'
  }
  {
    name: 'cosmos-local-auth'
    title: 'Cosmos DB takes Entra identities only'
    type: 'Microsoft.DocumentDB/databaseAccounts'
    field: 'Microsoft.DocumentDB/databaseAccounts/disableLocalAuth'
    value: 'true'
  }
  {
    name: 'storage-shared-key'
    title: 'Storage takes no account keys'
    type: 'Microsoft.Storage/storageAccounts'
    field: 'Microsoft.Storage/storageAccounts/allowSharedKeyAccess'
    value: 'false'
  }
  {
    name: 'storage-public-blobs'
    title: 'Storage has no anonymous blobs'
    type: 'Microsoft.Storage/storageAccounts'
    field: 'Microsoft.Storage/storageAccounts/allowBlobPublicAccess'
    value: 'false'
  }
  {
    name: 'vault-rbac'
    title: 'Key vaults grant by roles'
    type: 'Microsoft.KeyVault/vaults'
    field: 'Microsoft.KeyVault/vaults/enableRbacAuthorization'
    value: 'true'
  }
  {
    name: 'vault-purge'
    title: 'Key vaults cannot be purged'
    type: 'Microsoft.KeyVault/vaults'
    field: 'Microsoft.KeyVault/vaults/enablePurgeProtection'
    value: 'true'
  }
  {
    name: 'sites-https'
    title: 'Apps take HTTPS only'
    type: 'Microsoft.Web/sites'
    field: 'Microsoft.Web/sites/httpsOnly'
    value: 'true'
  }
]

var networkRules = [
  {
    name: 'cosmos-public-network'
    title: 'Cosmos DB is off the public network'
    type: 'Microsoft.DocumentDB/databaseAccounts'
    field: 'Microsoft.DocumentDB/databaseAccounts/publicNetworkAccess'
    value: 'Disabled'
  }
  {
    name: 'vault-public-network'
    title: 'Key vaults are off the public network'
    type: 'Microsoft.KeyVault/vaults'
    field: 'Microsoft.KeyVault/vaults/publicNetworkAccess'
    value: 'Disabled'
  }
]

var enforced = denyPublicNetwork ? concat(rules, networkRules) : rules

resource definitions 'Microsoft.Authorization/policyDefinitions@2025-03-01' = [
  for rule in enforced: {
    name: 'tributary-${rule.name}'
    properties: {
      displayName: 'Tributary: ${rule.title}'
      policyType: 'Custom'
      mode: 'All'
      metadata: {
        category: 'Tributary'
      }
      parameters: {
        effect: {
          type: 'String'
          allowedValues: [
            'Deny'
            'Audit'
          ]
        }
      }
      policyRule: {
        if: {
          allOf: [
            {
              field: 'type'
              equals: rule.type
            }
            {
              field: rule.field
              notEquals: rule.value
            }
          ]
        }
        then: {
          effect: '[parameters(\'effect\')]'
        }
      }
    }
  }
]

resource initiative 'Microsoft.Authorization/policySetDefinitions@2025-03-01' = {
  name: 'tributary'
  properties: {
    displayName: 'Tributary: no keys, no passwords, nothing public'
    policyType: 'Custom'
    metadata: {
      category: 'Tributary'
    }
    parameters: {
      effect: {
        type: 'String'
      }
    }
    policyDefinitions: [
      for (rule, index) in enforced: {
        policyDefinitionId: definitions[index].id
        policyDefinitionReferenceId: rule.name
        parameters: {
          effect: {
            value: '[parameters(\'effect\')]'
          }
        }
      }
    ]
  }
}

module assignment 'assignment.bicep' = {
  name: 'tributary-policy'
  scope: resourceGroup(resourceGroupName)
  params: {
    initiativeId: initiative.id
    effect: effect
  }
}

output initiativeId string = initiative.id
