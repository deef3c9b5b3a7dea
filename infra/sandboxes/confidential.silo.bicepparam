// Need: a silo whose wrapping key attested code alone may have.
// Deploys: as consortium.silo.bicepparam, with a release policy on `kek`. Put the SHA-256 of the worker's enforcement
// policy and the attestation service you trust into infra/confidential/release-policy.json first: the policy of a key
// cannot be changed later. The aggregator's principal stays empty: nobody may unwrap in the vault.
// Limit: the worker that would ask for the key does not exist yet. With this file nobody opens this silo's updates: each
// is refused with unwrap-denied. To train today, deploy consortium.silo.bicepparam.
// About what it costs: docs/cost.md, "confidential", column "one silo".
using '../silo/main.bicep'

param silo = readEnvironmentVariable('SILO', 'north-clinic')
param releasePolicy = loadTextContent('../confidential/release-policy.json')
param tokenIssuer = readEnvironmentVariable('CLUSTER_ISSUER', '')
param logRetentionDays = 730
