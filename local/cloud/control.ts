import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { siloId } from '../../shared/contracts/identifiers.ts';
import type { FaultPlan, FaultRule } from '../core/faults.ts';
import { readBody, startHttpService } from '../core/http-service.ts';
import type { Cloud } from './start-cloud.ts';

/**
 * What a subscription's owner does by template in Azure: make a silo's resources. Loopback only, and only with the key
 * that lies in the data directory. Tests plan faults here, too.
 */
export async function startControl(options: {
  port: number;
  cloud: Cloud;
  faults: FaultPlan;
  key: string;
}): Promise<{ port: number; close(): Promise<void> }> {
  const { cloud, faults, key } = options;
  return startHttpService({
    port: options.port,
    async handle(request, response) {
      if (!holdsKey(request, key))
        return answer(response, 401, { error: 'send the control key: x-control-key' });
      const [noun, name] = (request.url ?? '/').split('/').filter(Boolean);
      switch (`${request.method} ${noun ?? ''}`) {
        case 'GET ':
          return answer(response, 200, { endpoints: cloud.endpoints, silos: cloud.silos() });
        case 'PUT silos': {
          const silo = siloId.safeParse(name);
          if (!silo.success) return answer(response, 400, { error: silo.error.issues[0]?.message });
          return answer(response, 200, await cloud.ensureSilo(silo.data));
        }
        case 'PUT faults':
          faults.set(JSON.parse((await readBody(request, 65_536)).toString()) as FaultRule[]);
          return answer(response, 200, {});
        default:
          return answer(response, 404, { error: 'there is no such operation' });
      }
    },
  });
}

export function newControlKey(): string {
  return randomBytes(24).toString('base64url');
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
