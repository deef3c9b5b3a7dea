// The coordinator's network: one subnet that the Functions app speaks from, one that holds private endpoints. What
// leaves for the internet leaves by one fixed address, which silos can name in the firewalls of their vaults.

@description('Region of the network.')
param location string

@description('Name of the virtual network.')
param networkName string

@description('Name of the NAT gateway.')
param natGatewayName string

@description('Name of the public address that the NAT gateway speaks from.')
param publicIpAddressName string

@description('Name of the network security group of the app subnet.')
param appSecurityGroupName string

@description('Name of the network security group of the endpoint subnet.')
param endpointSecurityGroupName string

@description('Address ranges (CIDR) of the network and its two subnets.')
param addressPrefix string
param appSubnetPrefix string
param endpointSubnetPrefix string

@description('Address ranges (CIDR) of peered networks and VPNs whose machines may use the private endpoints.')
param peerAddressRanges array

@description('Workspace for the logs.')
param workspaceId string

@description('Tags of every resource.')
param tags object

module securityGroups 'security-groups.bicep' = {
  name: 'security-groups'
  params: {
    location: location
    appSecurityGroupName: appSecurityGroupName
    endpointSecurityGroupName: endpointSecurityGroupName
    appSubnetPrefix: appSubnetPrefix
    endpointSubnetPrefix: endpointSubnetPrefix
    peerAddressRanges: peerAddressRanges
    workspaceId: workspaceId
    tags: tags
  }
}

resource egressAddress 'Microsoft.Network/publicIPAddresses@2025-05-01' = {
  name: publicIpAddressName
  location: location
  tags: tags
  sku: {
    name: 'Standard'
    tier: 'Regional'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
    publicIPAddressVersion: 'IPv4'
  }
}

resource natGateway 'Microsoft.Network/natGateways@2025-05-01' = {
  name: natGatewayName
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    idleTimeoutInMinutes: 10
    publicIpAddresses: [
      {
        id: egressAddress.id
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: networkName
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        addressPrefix
      ]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: appSubnetPrefix
          defaultOutboundAccess: false
          networkSecurityGroup: {
            id: securityGroups.outputs.appSecurityGroupId
          }
          natGateway: {
            id: natGateway.id
          }
          delegations: [
            {
              name: 'flex-consumption'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: endpointSubnetPrefix
          defaultOutboundAccess: false
          privateEndpointNetworkPolicies: 'Enabled'
          networkSecurityGroup: {
            id: securityGroups.outputs.endpointSecurityGroupId
          }
        }
      }
    ]
  }
}

resource networkDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: network
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
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

resource egressAddressDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: egressAddress
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
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

output networkId string = network.id
output networkName string = network.name
output appSubnetId string = resourceId('Microsoft.Network/virtualNetworks/subnets', network.name, 'app')
output endpointSubnetId string = resourceId('Microsoft.Network/virtualNetworks/subnets', network.name, 'endpoints')
output egressAddress string = egressAddress.properties.ipAddress
