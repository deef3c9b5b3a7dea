import { existsSync } from 'node:fs';
import { readEnvironment } from '../local/cloud/environment-file.ts';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import { requireListener } from './require-listener.ts';

/**
 * Access tokens for the API by `DefaultAzureCredential`. With `identityFile`, this process first takes on the identity
 * that the file holds; otherwise it is who it is signed in as. The credential caches tokens and renews them in time.
 */
export function tokenSource(options: {
  audience: string;
  identityFile: string | undefined;
}): () => Promise<string> {
  const { audience, identityFile } = options;
  let credential: Promise<{ getToken(scope: string): Promise<{ token: string }> }> | undefined;
  return async () => {
    credential ??= signIn(identityFile);
    const scope = `${audience.replace(/\/+$/, '')}/.default`;
    try {
      return (await (await credential).getToken(scope)).token;
    } catch (error) {
      if (error instanceof CliError) throw error;
      const reason = error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
      throw new CliError({
        slug: 'not-signed-in',
        detail: `There is no access token for ${audience}: ${reason}`,
        exitCode: exitCodes.notAllowed,
        tryThis: 'az login',
      });
    }
  };
}

async function signIn(identityFile: string | undefined) {
  if (identityFile !== undefined) {
    if (!existsSync(identityFile)) {
      throw new CliError({
        slug: 'not-signed-in',
        detail: `The credentials in ${identityFile} are missing.`,
        exitCode: exitCodes.notAllowed,
        tryThis: 'tributary up, which writes them',
      });
    }
    const environment = readEnvironment(identityFile);
    Object.assign(process.env, environment);
    // The credential would try an address that nobody listens at for many seconds.
    const identityEndpoint = environment['IDENTITY_ENDPOINT'];
    if (identityEndpoint !== undefined) await requireListener(identityEndpoint);
  }
  const { DefaultAzureCredential } = await import('@azure/identity');
  return new DefaultAzureCredential();
}
