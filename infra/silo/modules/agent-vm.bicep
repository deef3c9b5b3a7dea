// The agent on a machine of its own, under systemd: no open port, no password, a disk that keeps the journal. The
// archive is fetched once, at the first start, and refused unless its digest is the one that was asked for.

@description('Region of the machine.')
param location string

@description('Part of all names.')
param nameToken string

@description('Size of the machine.')
param vmSize string

@description('Public SSH key of its administrator.')
param vmSshPublicKey string

@description('Where the agent\'s archive is fetched from, and its SHA-256.')
param agentArchiveUrl string
param agentArchiveSha256 string

@description('The contents of silo.yaml.')
param siloConfiguration string

@description('Identity of the agent.')
param agentIdentityId string
param agentClientId string

@description('Workspace for the logs.')
param workspaceId string

@description('Tags of every resource.')
param tags object

var names = loadJsonContent('../../abbreviations.json')
var cloudInitWithArchive = replace(replace(loadTextContent('../cloud-init.yaml'), '__ARCHIVE_URL__', agentArchiveUrl), '__ARCHIVE_SHA256__', agentArchiveSha256)
var cloudInit = replace(replace(cloudInitWithArchive, '__CLIENT_ID__', agentClientId), '__SILO_YAML__', base64(siloConfiguration))

resource securityGroup 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: '${names.networkSecurityGroup}${nameToken}'
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
    ]
  }
}

resource egressAddress 'Microsoft.Network/publicIPAddresses@2025-05-01' = {
  name: '${names.publicIpAddress}${nameToken}'
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
  name: '${names.natGateway}${nameToken}'
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
  name: '${names.virtualNetwork}${nameToken}'
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        '10.83.0.0/27'
      ]
    }
    subnets: [
      {
        name: 'agent'
        properties: {
          addressPrefix: '10.83.0.0/28'
          defaultOutboundAccess: false
          networkSecurityGroup: {
            id: securityGroup.id
          }
          natGateway: {
            id: natGateway.id
          }
        }
      }
    ]
  }
}

resource networkInterface 'Microsoft.Network/networkInterfaces@2025-05-01' = {
  name: '${names.networkInterface}${nameToken}'
  location: location
  tags: tags
  properties: {
    enableIPForwarding: false
    ipConfigurations: [
      {
        name: 'internal'
        properties: {
          privateIPAllocationMethod: 'Dynamic'
          subnet: {
            id: resourceId('Microsoft.Network/virtualNetworks/subnets', network.name, 'agent')
          }
        }
      }
    ]
  }
}

resource vm 'Microsoft.Compute/virtualMachines@2025-04-01' = {
  name: '${names.virtualMachine}${nameToken}'
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${agentIdentityId}': {}
    }
  }
  properties: {
    hardwareProfile: {
      vmSize: vmSize
    }
    securityProfile: {
      securityType: 'TrustedLaunch'
      encryptionAtHost: true
      uefiSettings: {
        secureBootEnabled: true
        vTpmEnabled: true
      }
    }
    osProfile: {
      computerName: 'tributary-agent'
      adminUsername: 'tributary'
      // Nobody with a right on the machine in Azure may put a program into it; cloud-init sets up its updates.
      allowExtensionOperations: false
      customData: base64(cloudInit)
      linuxConfiguration: {
        disablePasswordAuthentication: true
        provisionVMAgent: true
        patchSettings: {
          patchMode: 'ImageDefault'
          assessmentMode: 'ImageDefault'
        }
        ssh: {
          publicKeys: [
            {
              path: '/home/tributary/.ssh/authorized_keys'
              keyData: vmSshPublicKey
            }
          ]
        }
      }
    }
    storageProfile: {
      imageReference: {
        publisher: 'Debian'
        offer: 'debian-13'
        sku: '13-gen2'
        version: 'latest'
      }
      osDisk: {
        createOption: 'FromImage'
        deleteOption: 'Delete'
        diskSizeGB: 128
        managedDisk: {
          storageAccountType: 'Premium_LRS'
        }
      }
    }
    networkProfile: {
      networkInterfaces: [
        {
          id: networkInterface.id
          properties: {
            deleteOption: 'Delete'
          }
        }
      ]
    }
    diagnosticsProfile: {
      bootDiagnostics: {
        enabled: true
      }
    }
  }
}

resource securityGroupDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: securityGroup
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

output vmName string = vm.name
output egressAddress string = egressAddress.properties.ipAddress
