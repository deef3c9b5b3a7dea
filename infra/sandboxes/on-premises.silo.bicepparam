// Need: a silo whose machine stands in its own building.
// Deploys: its vault, log and alerts in its own subscription; the vault answers the coordinator's and the silo's
// addresses only. The agent is installed on the machine with the systemd unit (infra/agent), `serviceBus.webSocket: true`
// in silo.yaml. With Azure Arc the machine's own identity is what the two key roles go to: docs/provisioning.md.
// About what it costs: docs/cost.md, "on-premises", column "one silo".
using '../silo/main.bicep'

param silo = readEnvironmentVariable('SILO', 'old-mill')
param aggregatorPrincipalId = readEnvironmentVariable('AGGREGATOR_PRINCIPAL_ID', '')
param agentPrincipalId = readEnvironmentVariable('AGENT_PRINCIPAL_ID', '')
param allowedAddressRanges = ['203.0.113.7/32', '198.51.100.0/28']
