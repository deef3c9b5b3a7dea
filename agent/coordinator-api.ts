import { health, modelLink } from '../shared/contracts/api.ts';
import type { SiloConfig } from './config.ts';
import type { Coordinator, TokenFor } from './ports.ts';

const TIMEOUT_MS = 30_000;

/** The scope of a token for the coordinator's API. */
export function coordinatorScope({ audience }: Pick<SiloConfig['coordinator'], 'audience'>): string {
  return `${audience.replace(/\/$/, '')}/.default`;
}

export function coordinatorApi(
  config: Pick<SiloConfig['coordinator'], 'url' | 'audience'>,
  tokenFor: TokenFor,
): Coordinator {
  const root = config.url.replace(/\/+$/, '');
  return {
    async modelLink(participation, signal) {
      const token = await tokenFor(coordinatorScope(config));
      const response = await fetch(
        `${root}/api/participations/${encodeURIComponent(participation)}/model-link`,
        {
          method: 'POST',
          headers: { authorization: `Bearer ${token}` },
          redirect: 'error',
          signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        },
      );
      if ([404, 409, 410].includes(response.status)) {
        await response.body?.cancel();
        return 'over';
      }
      return modelLink.parse(await jsonOf(response, 'model-link'));
    },
    async planSigningThumbprint(signal) {
      const response = await fetch(`${root}/api/health`, {
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      // An unhealthy coordinator answers 503 with the same document.
      const body = response.status === 503 ? await response.json() : await jsonOf(response, 'health');
      return health.parse(body).planSigningThumbprint;
    },
  };
}

async function jsonOf(response: Response, what: string): Promise<unknown> {
  if (response.status === 200) return response.json();
  await response.body?.cancel();
  throw new Error(`the coordinator answered ${response.status} to ${what}`);
}
