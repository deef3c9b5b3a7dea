// Where every log goes, and the component that the Functions host publishes to. Telemetry is accepted from Entra
// identities only; the connection string that the host is given names the place and opens nothing.

@description('Region of the workspace and the component.')
param location string

@description('Name of the Log Analytics workspace.')
param workspaceName string

@description('Name of the Application Insights component.')
param applicationInsightsName string

@description('How long logs are kept, in days.')
@minValue(90)
@maxValue(730)
param retentionDays int

@description('Most that is taken in a day, in GB; -1: no cap. Beyond it logs are lost until the next day, and an alert says so.')
@minValue(-1)
param dailyCapGb int

@description('Tags of every resource.')
param tags object

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyCapGb
    }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' = {
  name: applicationInsightsName
  location: location
  kind: 'web'
  tags: tags
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
    RetentionInDays: retentionDays
  }
}

// One page in the portal: is anything stuck, failing, or used by the wrong hands?
resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'tributary')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Tributary'
    category: 'workbook'
    version: '1.0'
    sourceId: workspace.id
    serializedData: loadTextContent('../workbook.json')
  }
}

// Who reads the audit logs is itself in the audit logs.
resource workspaceDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: workspace
  properties: {
    workspaceId: workspace.id
    logs: [
      {
        category: 'Audit'
        enabled: true
      }
    ]
    metrics: [
      {
        category: 'AllMetrics'
        enabled: true
      }
    ]
  }
}

output workspaceId string = workspace.id
output applicationInsightsName string = applicationInsights.name
output applicationInsightsConnectionString string = applicationInsights.properties.ConnectionString
