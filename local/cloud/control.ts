import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { siloId } from '../../shared/contracts/identifiers.ts';
import { faultRules } from '../core/fault-rule.ts';
import type { FaultPlan } from '../core/faults.ts';
import { readBody, startHttpService } from '../core/http-service.ts';
import type { Cloud } from './start-cloud.ts';

const clockShape = z.strictObject({ advanceMs: z.number().min(0) });

/**
 * What a subscription's owner does by template in Azure: make a silo's resources. Loopback only, and only with the key
 * that lies in the data directory. Tests plan faults and move the broker's clock here, too.
 */
export async function startControl(options: {
  port: number;
  cloud: Pick<Cloud, 'endpoints' | 'silos' | 'ensureSilo'>;
  faults: FaultPlan;
  key: string;
}): Promise<{ port: number; close(): Promise<void> }> {
  const { cloud, faults, key } = options;

  async function serve(request: IncomingMessage): Promise<[status: number, body: unknown]> {
    const [noun, name] = (request.url ?? '/').split('/').filter(Boolean);
    switch (`${request.method} ${noun ?? ''}`) {
      case 'GET ':
        return [200, { endpoints: cloud.endpoints, silos: cloud.silos() }];
      case 'PUT silos':
        return [200, await cloud.ensureSilo(siloId.parse(name))];
      case 'PUT faults':
        faults.set(faultRules.parse(await readJson(request)));
        return [200, {}];
      case 'PUT clock':
        faults.advanceClock(clockShape.parse(await readJson(request)).advanceMs);
        return [200, { aheadMs: faults.clockAheadMs }];
      default:
        return [404, { error: 'there is no such operation' }];
    }
  }

  return startHttpService({
    port: options.port,
    async handle(request, response) {
      if (!holdsKey(request, key))
        return answer(response, 401, { error: 'send the control key: x-control-key' });
      try {
        answer(response, ...(await serve(request)));
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal === undefined) throw error;
        answer(response, 400, { error: refusal });
      }
    },
  });
}

export function newControlKey(): string {
  return randomBytes(24).toString('base64url');
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  return JSON.parse((await readBody(request, 65_536)).toString());
}

/** What is wrong with the request, or undefined where the fault is ours. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    return `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim();
  }
  return error instanceof RangeError || error instanceof SyntaxError ? error.message : undefined;
}

function holdsKey(request: IncomingMessage, key: string): boolean {
  const given = Buffer.from(String(request.headers['x-control-key'] ?? ''));
  const wanted = Buffer.from(key);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
