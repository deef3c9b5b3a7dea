import type { TokenCredential } from '@azure/identity';
import { readEnvironment } from '../../local/cloud/environment-file.ts';

/** Tokens from the identity endpoint, by the secret that a workload's environment file holds. */
export function credentialFrom(environmentFile: string, clientId?: string): TokenCredential {
  const environment = readEnvironment(environmentFile);
  return {
    async getToken(scopes) {
      const resource = String(scopes).replace(/\/?\/\.default$/, '');
      const query = new URLSearchParams({ 'api-version': '2019-08-01', resource });
      if (clientId !== undefined) query.set('client_id', clientId);
      const response = await fetch(`${environment['IDENTITY_ENDPOINT']}?${query.toString()}`, {
        headers: { 'x-identity-header': environment['IDENTITY_HEADER'] ?? '' },
      });
      if (!response.ok) throw new Error(`no token: ${response.status} ${await response.text()}`);
      const body = (await response.json()) as { access_token: string; expires_on: string };
      return { token: body.access_token, expiresOnTimestamp: Number(body.expires_on) * 1000 };
    },
  };
}
