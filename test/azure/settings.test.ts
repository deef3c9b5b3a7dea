import { expect, test } from 'vitest';
import { readSettings } from '../../shared/azure/settings.ts';

const tenant = '00000000-0000-4000-8000-00000000000a';
const complete = {
  ServiceBusConnection__fullyQualifiedNamespace: 'bus.servicebus.windows.net',
  COSMOS_ENDPOINT: 'https://ledger.documents.azure.com',
  MODELS_ACCOUNT_URL: 'https://models.blob.core.windows.net',
  UPDATES_ACCOUNT_URL: 'https://updates.blob.core.windows.net',
  PLAN_SIGNING_KEY_ID: `https://vault.vault.azure.net/keys/plan-signing/${'0'.repeat(32)}`,
  COORDINATOR_CLIENT_ID: 'coordinator',
  AGGREGATOR_CLIENT_ID: 'aggregator',
  COORDINATOR_TENANT_ID: tenant,
  API_AUDIENCE: 'api',
  API_ISSUERS: `https://login.microsoftonline.com/${tenant}/v2.0`,
  API_JWKS_URL: `https://login.microsoftonline.com/${tenant}/discovery/v2.0/keys`,
  API_TENANTS: tenant,
};

test.each([{}, { AGGREGATOR_APPLICATION_ID: '' }])(
  'without an application the aggregator has none: %j',
  (more) => {
    expect(readSettings({ ...complete, ...more }).AGGREGATOR_APPLICATION_ID).toBeUndefined();
  },
);

test('a token service is named as templates name it, with a slash at its end', () => {
  const AZURE_AUTHORITY_HOST = 'https://login.microsoftonline.com/';
  expect(readSettings({ ...complete, AZURE_AUTHORITY_HOST }).AZURE_AUTHORITY_HOST).toBe(AZURE_AUTHORITY_HOST);
});

test('malformed settings of other tenants stop the start, all by name', () => {
  const wrong = {
    COORDINATOR_TENANT_ID: 'contoso',
    AGGREGATOR_APPLICATION_ID: 'aggregator',
    AZURE_AUTHORITY_HOST: 'http://login.example',
  };
  const start = () => readSettings({ ...complete, ...wrong });
  for (const name of Object.keys(wrong)) expect(start).toThrow(name);
});
