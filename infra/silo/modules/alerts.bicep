// What a silo must hear at once: its wrapping key used by anybody but the aggregator, its keys changed, the vault tried.

@description('Region of the query rules.')
param location string

@description('Name of the action group.')
param actionGroupName string

@description('Prefix of the rules\' names.')
param rulePrefix string

@description('Mail addresses that are told; empty: alerts are raised and nobody is told.')
param alertEmails array

@description('Workspace that the queries read.')
param workspaceId string

@description('The one principal that may unwrap.')
param aggregatorPrincipalId string

@description('The one principal that may sign.')
param agentPrincipalId string

@description('Tags of every resource.')
param tags object

// Key Vault writes the caller's object id in one of two columns, and a column exists only after its first value.
var caller = 'coalesce(tostring(column_ifexists("identity_claim_oid_g", "")), tostring(column_ifexists("identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g", "")))'
var keyEvents = 'AzureDiagnostics | where ResourceProvider == "MICROSOFT.KEYVAULT" | extend caller = ${caller}'

var queryRules = [
  {
    name: 'unwrapped-by-another'
    severity: 0
    description: 'Somebody other than the aggregator unwrapped, or tried to unwrap, a key of this silo.'
    query: '${keyEvents} | where OperationName in ("KeyUnwrap", "KeyDecrypt", "KeyRelease") and caller !~ "${aggregatorPrincipalId}"'
  }
  {
    name: 'signed-by-another'
    severity: 0
    description: 'Somebody other than the agent signed, or tried to sign, in the name of this silo.'
    query: '${keyEvents} | where OperationName == "KeySign" and caller !~ "${agentPrincipalId}"'
  }
  {
    name: 'keys-changed'
    severity: 1
    description: 'A key was updated (as when it is disabled), rotated, deleted, restored or imported.'
    query: '${keyEvents} | where OperationName in ("KeyUpdate", "KeyRotate", "KeyDelete", "KeyRecover", "KeyRestore", "KeyImport", "KeyBackup")'
  }
  {
    name: 'vault-refused'
    severity: 2
    description: 'The vault refused somebody: a right is missing, or somebody tries doors.'
    query: '${keyEvents} | where ResultSignature in ("Forbidden", "Unauthorized") and isnotempty(caller)'
  }
]

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'silo'
    emailReceivers: [
      for (email, index) in alertEmails: {
        name: 'mail-${index}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

// Query validation is off: at the first deployment the workspace has no such table yet.
resource queries 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in queryRules: {
    name: '${rulePrefix}${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${rulePrefix}${rule.name}'
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [
        workspaceId
      ]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT5M'
      autoMitigate: false
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: [
          actionGroup.id
        ]
      }
    }
  }
]

resource roleGranted 'Microsoft.Insights/activityLogAlerts@2020-10-01' = {
  name: '${rulePrefix}role-granted'
  location: 'global'
  tags: tags
  properties: {
    description: 'A role was assigned in this resource group.'
    enabled: true
    scopes: [
      resourceGroup().id
    ]
    condition: {
      allOf: [
        {
          field: 'category'
          equals: 'Administrative'
        }
        {
          field: 'operationName'
          equals: 'Microsoft.Authorization/roleAssignments/write'
        }
      ]
    }
    actions: {
      actionGroups: [
        {
          actionGroupId: actionGroup.id
        }
      ]
    }
  }
}

output actionGroupId string = actionGroup.id
