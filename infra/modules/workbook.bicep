// One page in the portal: is anything stuck, failing, or used by the wrong hands?

@description('Region of the workbook.')
param location string

@description('Workspace that the page reads.')
param workspaceId string

@description('Tags of every resource.')
param tags object

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'tributary')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Tributary'
    category: 'workbook'
    version: '1.0'
    sourceId: workspaceId
    serializedData: loadTextContent('../workbook.json')
  }
}

output workbookId string = workbook.id
