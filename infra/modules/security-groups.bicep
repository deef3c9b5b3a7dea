// What may flow in the coordinator's network: the app reaches its endpoints and, over 443, Azure (silos' vaults, Entra,
// telemetry). Nothing comes in but from the app and named peers to the endpoints; nothing reaches the rest of the internet.

@description('Region of the groups.')
param location string

@description('Name of the network security group of the app subnet.')
param appSecurityGroupName string

@description('Name of the network security group of the endpoint subnet.')
param endpointSecurityGroupName string

@description('Address range of the app subnet.')
param appSubnetPrefix string

@description('Address range of the endpoint subnet.')
param endpointSubnetPrefix string

@description('Address ranges (CIDR) of peered networks and VPNs whose machines may use the private endpoints.')
param peerAddressRanges array

@description('Workspace for the logs.')
param workspaceId string

@description('Tags of every resource.')
param tags object

var appRanges = [appSubnetPrefix]

resource appSecurityGroup 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: appSecurityGroupName
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'deny-inbound'
        properties: {
          direction: 'Inbound'
          access: 'Deny'
          priority: 4096
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
      {
        name: 'allow-endpoints'
        properties: {
          direction: 'Outbound'
          access: 'Allow'
          priority: 100
          protocol: 'Tcp'
          sourceAddressPrefix: appSubnetPrefix
          sourcePortRange: '*'
          destinationAddressPrefix: endpointSubnetPrefix
          destinationPortRanges: [
            '443'
            '5671'
            '10250-10255'
          ]
        }
      }
      {
        name: 'allow-azure'
        properties: {
          direction: 'Outbound'
          access: 'Allow'
          priority: 110
          protocol: 'Tcp'
          sourceAddressPrefix: appSubnetPrefix
          sourcePortRange: '*'
          destinationAddressPrefix: 'AzureCloud'
          destinationPortRange: '443'
        }
      }
      {
        name: 'allow-entra'
        properties: {
          direction: 'Outbound'
          access: 'Allow'
          priority: 120
          protocol: 'Tcp'
          sourceAddressPrefix: appSubnetPrefix
          sourcePortRange: '*'
          destinationAddressPrefix: 'AzureActiveDirectory'
          destinationPortRange: '443'
        }
      }
      {
        name: 'deny-internet'
        properties: {
          direction: 'Outbound'
          access: 'Deny'
          priority: 4096
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: 'Internet'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource endpointSecurityGroup 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: endpointSecurityGroupName
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'allow-app-and-peers'
        properties: {
          direction: 'Inbound'
          access: 'Allow'
          priority: 100
          protocol: 'Tcp'
          sourceAddressPrefixes: concat(appRanges, peerAddressRanges)
          sourcePortRange: '*'
          destinationAddressPrefix: endpointSubnetPrefix
          destinationPortRanges: [
            '443'
            '5671'
            '10250-10255'
          ]
        }
      }
      {
        name: 'deny-inbound'
        properties: {
          direction: 'Inbound'
          access: 'Deny'
          priority: 4096
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
      {
        name: 'deny-outbound'
        properties: {
          direction: 'Outbound'
          access: 'Deny'
          priority: 4096
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource appSecurityGroupDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: appSecurityGroup
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

resource endpointSecurityGroupDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: endpointSecurityGroup
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

output appSecurityGroupId string = appSecurityGroup.id
output endpointSecurityGroupId string = endpointSecurityGroup.id
