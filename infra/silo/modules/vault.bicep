// The silo's vault. `kek` wraps the keys of its updates; the coordinator's aggregator may unwrap with it and read it,
// nothing more. `sig` signs what the silo says. Neither expires: an expired key would silence the silo. `kek` rotates;
// old versions stay usable until they are disabled, and silo.yaml names the version in use.

@description('Region of the vault.')
param location string

@description('Name of the vault.')
@minLength(3)
@maxLength(24)
param vaultName string

@description('Name of the wrapping key and of the signing key.')
param kekName string
param sigName string

@description('Policy (JSON) under which attested code may have `kek` released to it; empty: it never leaves the HSM.')
param releasePolicy string

@description('Address ranges (CIDR) that may reach the vault: the coordinator\'s egress address, the agent\'s; empty: any.')
param allowedAddressRanges array

@description('Workspace for the logs.')
param workspaceId string

@description('Tags of every resource.')
param tags object

var released = !empty(releasePolicy)
var encodedReleasePolicy = replace(replace(replace(base64(releasePolicy), '+', '-'), '/', '_'), '=', '')

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: vaultName
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'premium'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: empty(allowedAddressRanges) ? 'Allow' : 'Deny'
      ipRules: [
        for range in allowedAddressRanges: {
          value: range
        }
      ]
    }
  }
}

resource kek 'Microsoft.KeyVault/vaults/keys@2025-05-01' = {
  parent: vault
  name: kekName
  tags: tags
  properties: {
    kty: 'RSA-HSM'
    keySize: 3072
    keyOps: [
      'wrapKey'
      'unwrapKey'
    ]
    attributes: {
      enabled: true
      exportable: released
    }
    release_policy: released ? { contentType: 'application/json; charset=utf-8', data: encodedReleasePolicy } : null
    rotationPolicy: {
      lifetimeActions: [
        {
          action: {
            type: 'rotate'
          }
          trigger: {
            timeAfterCreate: 'P1Y'
          }
        }
      ]
    }
  }
}

resource sig 'Microsoft.KeyVault/vaults/keys@2025-05-01' = {
  parent: vault
  name: sigName
  tags: tags
  properties: {
    kty: 'EC-HSM'
    curveName: 'P-256'
    keyOps: [
      'sign'
      'verify'
    ]
    attributes: {
      enabled: true
      exportable: false
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
      {
        category: 'AzurePolicyEvaluationDetails'
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

output vaultName string = vault.name
output kekName string = kek.name
output sigName string = sig.name
output kekId string = kek.properties.keyUriWithVersion
output sigId string = sig.properties.keyUriWithVersion
