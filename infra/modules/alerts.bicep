// What somebody must be woken for: an update that our own fault put aside, a use of the signing key by anybody else, a
// change of the key or of a right, an experiment, an orchestration or a handler that failed.

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

@description('Service Bus namespace to watch.')
param serviceBusNamespaceId string

@description('The one principal that may use the plan-signing key.')
param coordinatorPrincipalId string

@description('Name of the plan-signing key.')
param planSigningKeyName string

@description('Tags of every resource.')
param tags object

// Key Vault writes the caller's object id in one of two columns, and a column exists only after its first value.
var caller = 'coalesce(tostring(column_ifexists("identity_claim_oid_g", "")), tostring(column_ifexists("identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g", "")))'
var keyEvents = 'AzureDiagnostics | where ResourceProvider == "MICROSOFT.KEYVAULT" | extend caller = ${caller}'

var queryRules = [
  {
    name: 'signed-by-another'
    severity: 0
    description: 'Somebody other than the coordinator signed, or tried to sign, with the plan-signing key.'
    query: '${keyEvents} | where OperationName == "KeySign" and caller !~ "${coordinatorPrincipalId}"'
  }
  {
    name: 'signing-key-changed'
    severity: 1
    description: 'The plan-signing key was updated (as when it is disabled), rotated, deleted or restored.'
    query: '${keyEvents} | where OperationName in ("KeyUpdate", "KeyRotate", "KeyDelete", "KeyRecover", "KeyRestore", "KeyImport", "KeyBackup") and tostring(column_ifexists("id_s", "")) has "/keys/${planSigningKeyName}"'
  }
  {
    name: 'vault-refused'
    severity: 2
    description: 'The vault refused somebody: a right is missing, or somebody tries doors.'
    query: '${keyEvents} | where ResultSignature in ("Forbidden", "Unauthorized") and isnotempty(caller)'
  }
  {
    name: 'orchestration-failed'
    severity: 1
    description: 'An experiment, a round or an activity threw.'
    query: 'AppTraces | where tostring(Properties.Category) == "Host.Triggers.DurableTask" or tostring(Properties.CategoryName) == "Host.Triggers.DurableTask" | where tostring(Properties.prop__state) == "Failed"'
  }
  {
    name: 'experiment-failed'
    severity: 2
    description: 'The coordinator ended an experiment as failed: no quorum, attempts used up, a deadline passed.'
    query: 'AppTraces | where SeverityLevel >= 2 | extend line = parse_json(Message) | where tostring(line.event) == "experiment-failed"'
  }
  {
    name: 'handler-failed'
    severity: 2
    description: 'A handler, a trigger or a timer threw.'
    query: 'AppExceptions'
  }
  {
    name: 'log-cap-reached'
    severity: 1
    description: 'The daily cap of the workspace is reached: what happens until tomorrow is not logged.'
    query: '_LogOperation | where Category =~ "Ingestion" and Detail has "OverQuota"'
  }
]

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'tributary'
    emailReceivers: [
      for (email, index) in alertEmails: {
        name: 'mail-${index}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource deadLetters 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${rulePrefix}dead-letters'
  location: 'global'
  tags: tags
  properties: {
    description: 'A reply could not be handled: a dead-letter queue holds faults of ours only.'
    severity: 1
    enabled: true
    scopes: [
      serviceBusNamespaceId
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT5M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'dead-letters'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: 'Microsoft.ServiceBus/namespaces'
          metricName: 'DeadletteredMessages'
          timeAggregation: 'Maximum'
          operator: 'GreaterThan'
          threshold: 0
          dimensions: [
            {
              name: 'EntityName'
              operator: 'Include'
              values: [
                '*'
              ]
            }
          ]
        }
      ]
    }
    actions: [
      {
        actionGroupId: actionGroup.id
      }
    ]
  }
}

// Query validation is off: at the first deployment the workspace has none of these tables yet.
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

// What is down writes no log, so no query tells of it.
resource resourceHealth 'Microsoft.Insights/activityLogAlerts@2020-10-01' = {
  name: '${rulePrefix}resource-health'
  location: 'global'
  tags: tags
  properties: {
    description: 'Azure says that a resource of this group is unavailable or degraded.'
    enabled: true
    scopes: [
      resourceGroup().id
    ]
    condition: {
      allOf: [
        {
          field: 'category'
          equals: 'ResourceHealth'
        }
        {
          anyOf: [
            {
              field: 'properties.currentHealthStatus'
              equals: 'Unavailable'
            }
            {
              field: 'properties.currentHealthStatus'
              equals: 'Degraded'
            }
          ]
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

resource roleWithdrawn 'Microsoft.Insights/activityLogAlerts@2020-10-01' = {
  name: '${rulePrefix}role-withdrawn'
  location: 'global'
  tags: tags
  properties: {
    description: 'A role assignment was deleted in this resource group.'
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
          equals: 'Microsoft.Authorization/roleAssignments/delete'
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
