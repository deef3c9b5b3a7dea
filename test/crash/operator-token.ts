import { join } from 'node:path';
import * as z from 'zod';
import { apiAudience, cloudDirectories } from '../../local/cloud/directories.ts';
import { readEnvironment } from '../../local/cloud/environment-file.ts';

const answer = z.object({ access_token: z.string() });
/** Tokens live for longer. */
const reuseMs = 300_000;

/**
 * The operator's token from the identity endpoint of one embedded cloud. The identity client keeps tokens by client
 * id for the whole process, so a second cloud in the same process would be shown the first one's.
 */
export function operatorToken(dataDir: string): () => Promise<string> {
  let present: { token: string; at: number } | undefined;
  return async () => {
    if (present !== undefined && Date.now() - present.at < reuseMs) return present.token;
    const { IDENTITY_ENDPOINT: endpoint = '', IDENTITY_HEADER: header = '' } = readEnvironment(
      join(cloudDirectories(dataDir).environments, 'operator.env'),
    );
    const url = `${endpoint}?api-version=2019-08-01&resource=${encodeURIComponent(apiAudience)}`;
    const response = await fetch(url, { headers: { 'x-identity-header': header } });
    if (!response.ok) throw new Error(`the identity endpoint answered ${response.status}`);
    const token = answer.parse(await response.json()).access_token;
    present = { token, at: Date.now() };
    return token;
  };
}
