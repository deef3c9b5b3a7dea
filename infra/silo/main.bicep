// A silo's part, in its own subscription and its own tenant: identity, vault with two keys, log of their use, alerts,
// and, if wanted, a machine for the agent.
//
//   az deployment group create -g <group> -f infra/silo/main.bicep -p infra/silo/main.parameters.json
//
// The aggregator's principal is known once the coordinator exists (output AGGREGATOR_PRINCIPAL_ID); before that leave it
// empty, and deploy again. Nothing here gives the coordinator's people any right.

@description('Id of the silo, as in the roster: lower-case letters, digits, single dashes.')
@minLength(1)
@maxLength(40)
param silo string

@description('Region of all resources.')
param location string = resourceGroup().location

@description('Object id, in this tenant, of the coordinator\'s aggregator; empty: it may not unwrap yet.')
param aggregatorPrincipalId string = ''

@description('Policy (JSON) under which attested code may have `kek` released to it; empty: it never leaves the HSM.')
param releasePolicy string = ''

@description('Address ranges (CIDR) that may reach the vault: the coordinator\'s egress address, the agent\'s; empty: any.')
param allowedAddressRanges array = []

@description('Object id, in this tenant, of an identity that the agent already has (Arc machine, certificate); empty: the one made here.')
param agentPrincipalId string = ''

@description('Issuer and subject of tokens that may act as the agent (Kubernetes, another cloud); empty: none.')
param tokenIssuer string = ''
param tokenSubject string = 'system:serviceaccount:tributary:tributary-agent'

@description('Where the agent runs: elsewhere, in Container Apps (keeps no journal), on a virtual machine.')
@allowed(['none', 'container-app', 'vm'])
param agentCompute string = 'none'

@description('The contents of silo.yaml, for an agent that this deployment runs. It holds no secret.')
param siloConfiguration string = ''

@description('With `container-app`: the image of the agent and its training code, by digest.')
param agentImage string = ''

@description('With `vm`: where the agent\'s archive (tar.gz of dist/deploy/agent) is fetched from, and its SHA-256.')
param agentArchiveUrl string = ''
param agentArchiveSha256 string = ''

@description('With `vm`: size, and the public SSH key of its administrator. Passwords are off, and no port is open.')
param vmSize string = 'Standard_D4as_v5'
param vmSshPublicKey string = ''

@description('Regions in which this silo\'s resources may be made, enforced by Azure Policy; empty: not enforced.')
param allowedRegions array = []

@description('Lock the resource group against deletion.')
param resourceLock bool = false

@description('Mail addresses that alerts go to.')
param alertEmails array = []

@description('How long logs are kept, in days.')
@minValue(90)
@maxValue(730)
param logRetentionDays int = 365

var names = loadJsonContent('../abbreviations.json')
var token = toLower(uniqueString(resourceGroup().id, silo))
var tags = {
  workload: 'tributary'
  silo: silo
}

module logs 'modules/logs.bicep' = {
  name: 'logs'
  params: {
    location: location
    workspaceName: '${names.logAnalyticsWorkspace}${token}'
    retentionDays: logRetentionDays
    tags: tags
  }
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: {
    location: location
    identityName: '${names.userAssignedIdentity}agent-${token}'
    tokenIssuer: tokenIssuer
    tokenSubject: tokenSubject
    tags: tags
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    location: location
    vaultName: '${names.keyVault}${token}'
    kekName: 'kek'
    sigName: 'sig'
    releasePolicy: releasePolicy
    allowedAddressRanges: allowedAddressRanges
    workspaceId: logs.outputs.workspaceId
    tags: tags
  }
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  params: {
    vaultName: vault.outputs.vaultName
    kekName: vault.outputs.kekName
    sigName: vault.outputs.sigName
    agentPrincipalId: empty(agentPrincipalId) ? identity.outputs.agentPrincipalId : agentPrincipalId
    aggregatorPrincipalId: aggregatorPrincipalId
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    location: location
    actionGroupName: '${names.actionGroup}${token}'
    rulePrefix: '${silo}-'
    alertEmails: alertEmails
    workspaceId: logs.outputs.workspaceId
    aggregatorPrincipalId: aggregatorPrincipalId
    agentPrincipalId: empty(agentPrincipalId) ? identity.outputs.agentPrincipalId : agentPrincipalId
    tags: tags
  }
}

module containerApp 'modules/agent-container-app.bicep' = if (agentCompute == 'container-app') {
  name: 'agent-container-app'
  params: {
    location: location
    environmentName: '${names.containerAppsEnvironment}${token}'
    appName: '${names.containerApp}${token}'
    agentImage: agentImage
    siloConfiguration: siloConfiguration
    agentIdentityId: identity.outputs.agentId
    agentClientId: identity.outputs.agentClientId
    workspaceId: logs.outputs.workspaceId
    tags: tags
  }
}

module vm 'modules/agent-vm.bicep' = if (agentCompute == 'vm') {
  name: 'agent-vm'
  params: {
    location: location
    nameToken: token
    vmSize: vmSize
    vmSshPublicKey: vmSshPublicKey
    agentArchiveUrl: agentArchiveUrl
    agentArchiveSha256: agentArchiveSha256
    siloConfiguration: siloConfiguration
    agentIdentityId: identity.outputs.agentId
    agentClientId: identity.outputs.agentClientId
    workspaceId: logs.outputs.workspaceId
    tags: tags
  }
}

module guards '../modules/guards.bicep' = {
  name: 'guards'
  params: {
    allowedRegions: allowedRegions
    resourceLock: resourceLock
  }
}

output tenantId string = tenant().tenantId
output agentClientId string = identity.outputs.agentClientId
output agentPrincipalId string = empty(agentPrincipalId) ? identity.outputs.agentPrincipalId : agentPrincipalId
output kek string = vault.outputs.kekId
output sig string = vault.outputs.sigId
output agentEgressAddress string = agentCompute == 'vm' ? vm!.outputs.egressAddress : ''
