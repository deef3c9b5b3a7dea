import type { HttpResponseInit } from '@azure/functions';
import * as z from 'zod';
import type { Health } from '../../shared/contracts/api.ts';
import { experimentSpec } from '../../shared/contracts/spec.ts';
import type { Services } from '../../shared/ports/services.ts';
import { json } from './answers.ts';

/** `GET /api/health`, for everyone: is it up, and which key signs its plans. */
export function showHealth(services: Services, version: string) {
  return async (): Promise<HttpResponseInit> => {
    const [key, ledger] = await Promise.allSettled([
      services.keys.planSigningKey(),
      services.catalog.listExperiments({ limit: 1 }),
    ]);
    const checks = { keyVault: reached(key), cosmos: reached(ledger) };
    const ok = Object.values(checks).every((check) => check === 'ok');
    const health: Health = {
      status: ok ? 'ok' : 'degraded',
      version,
      planSigningThumbprint: key.status === 'fulfilled' ? key.value.jkt : null,
      checks,
    };
    return json(ok ? 200 : 503, health);
  };
}

function reached(result: PromiseSettledResult<unknown>): 'ok' | 'unreachable' {
  return result.status === 'fulfilled' ? 'ok' : 'unreachable';
}

/** `GET /api/schemas/experiment.json`: JSON Schema for editors. */
export async function showExperimentSchema(): Promise<HttpResponseInit> {
  return json(200, z.toJSONSchema(experimentSpec, { io: 'input' }));
}
