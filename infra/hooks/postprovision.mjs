// After `azd provision`: what is left to be decided by people.
const { AZURE_RESOURCE_GROUP, SERVICE_API_URL, API_AUDIENCE, SERVICE_BUS_HOST, UPDATES_ACCOUNT_URL } =
  process.env;
const { AGGREGATOR_PRINCIPAL_ID, EGRESS_ADDRESS } = process.env;

process.stdout.write(`
Give each silo, for its silo.yaml and its vault (docs/silo.md):
  coordinator.url        ${SERVICE_API_URL}
  coordinator.audience   ${API_AUDIENCE}
  serviceBus.namespace   ${SERVICE_BUS_HOST}
  updates.account        ${UPDATES_ACCOUNT_URL}
  aggregator             ${AGGREGATOR_PRINCIPAL_ID}
  egress address         ${EGRESS_ADDRESS || 'not fixed: the deployment has no network of its own'}
and, by a way they trust, the thumbprint at ${SERVICE_API_URL}/api/health.

Next, in docs/provisioning.md:
  1. give people the app roles viewer, operator, admin
  2. deploy infra/roster to ${AZURE_RESOURCE_GROUP} for the silos that take part
`);
