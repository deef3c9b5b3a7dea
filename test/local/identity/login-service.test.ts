import { randomUUID } from 'node:crypto';
import { request } from 'node:https';
import { expect, onTestFinished, test } from 'vitest';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import { startIdentity } from '../../../local/identity/identity-service.ts';
import { startLogin } from '../../../local/identity/login-service.ts';
import { temporaryDirectory } from '../core/temporary-directory.ts';

async function start(dataDir: string) {
  const tls = await ensureTlsMaterial(`${dataDir}/tls`);
  const home = await startIdentity({ port: 0, dataDir });
  const { objectId } = await home.ensureIdentity({ name: 'aggregator' });
  const { header } = await home.ensureWorkload({ name: 'w', identities: ['aggregator'] });
  const query = 'api-version=2019-08-01&resource=api%3A%2F%2FAzureADTokenExchange';
  const answer = await fetch(`${home.managedIdentityEndpoint}?${query}`, {
    headers: { 'x-identity-header': header },
  });
  const { access_token: assertion } = (await answer.json()) as { access_token: string };
  const trusts = { issuer: home.issuer, subject: objectId, audience: 'api://AzureADTokenExchange' };
  const login = await startLogin({
    port: 0,
    dataDir,
    tls,
    home,
    applications: [{ clientId: 'app', trusts }],
  });
  const close = () => Promise.all([login.close(), home.close()]);
  onTestFinished(async () => void (await close()));
  return { login, home, tls, assertion, close };
}

const exchange = (assertion: string, more: Record<string, string> = {}) => ({
  grant_type: 'client_credentials',
  client_id: 'app',
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: assertion,
  scope: 'https://vault.azure.net/.default',
  ...more,
});

/** Posts a form over TLS that trusts the machine's own authority. */
async function post(url: string, ca: string, form: Record<string, string>) {
  const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const asked = request(url, { method: 'POST', ca, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.on('error', reject);
    asked.end(new URLSearchParams(form).toString());
  });
  const body = JSON.parse(answer.text) as { access_token?: string; error?: string; error_codes?: number[] };
  return {
    status: answer.status,
    error: body.error,
    code: body.error_codes?.[0],
    token: body.access_token ?? '',
  };
}

test('a token of one tenant counts in that tenant only, and neither at home nor with a neighbour', async () => {
  const { login, home, tls, assertion } = await start(await temporaryDirectory());
  const [tenant, neighbour] = [
    await login.ensureTenant(randomUUID()),
    await login.ensureTenant(randomUUID()),
  ];
  const { objectId } = await tenant.consent('app', []);
  const { token } = await post(`${tenant.authority}/oauth2/v2.0/token`, tls.caPem, exchange(assertion));
  expect(await tenant.verify(token, 'https://vault.azure.net')).toMatchObject({ objectId, clientId: 'app' });
  for (const other of [home, neighbour]) {
    await expect(other.verify(token, 'https://vault.azure.net')).rejects.toMatchObject({
      name: 'TokenRejected',
    });
  }
});

test('what is not an exchange, an unknown application and an unknown tenant are refused as Entra words it', async () => {
  const { login, tls, assertion } = await start(await temporaryDirectory());
  const tenant = await login.ensureTenant(randomUUID());
  await tenant.consent('app', []);
  const ask = (form: Record<string, string>, authority = tenant.authority) =>
    post(`${authority}/oauth2/v2.0/token`, tls.caPem, exchange(assertion, form));
  expect(await ask({})).toMatchObject({ status: 200 });
  for (const form of [{ grant_type: 'password' }, { client_assertion: '' }, { scope: 'openid' }]) {
    expect(await ask(form)).toMatchObject({ status: 400, error: 'invalid_request', code: 900144 });
  }
  expect(await ask({ client_id: 'other' })).toMatchObject({ error: 'unauthorized_client', code: 700016 });
  expect(await ask({ client_assertion: `${assertion.slice(0, -6)}AAAAAA` })).toMatchObject({
    status: 401,
    error: 'invalid_client',
    code: 70021,
  });
  const nowhere = `${login.endpoint}/${randomUUID()}`;
  expect(await ask({}, nowhere)).toMatchObject({ status: 400, error: 'invalid_tenant', code: 90002 });
});

test('tenants, consents and the signing key outlive the service', async () => {
  const dataDir = await temporaryDirectory();
  const tenantId = randomUUID();
  const first = await start(dataDir);
  const before = await first.login.ensureTenant(tenantId);
  const { objectId } = await before.consent('app', [{ action: 'keys/unwrap', scope: 'keyvault/v/keys/kek' }]);
  const form = exchange(first.assertion);
  const { token } = await post(`${before.authority}/oauth2/v2.0/token`, first.tls.caPem, form);
  await first.close();
  const after = await (await start(dataDir)).login.ensureTenant(tenantId);
  const bearer = await after.verify(token, 'https://vault.azure.net');
  expect(bearer.objectId).toBe(objectId);
  expect(after.authorize(bearer, 'keys/unwrap', 'keyvault/v/keys/kek')).toBe(true);
  expect(after.authorize(bearer, 'keys/unwrap', 'keyvault/v/keys/sig')).toBe(false);
});
