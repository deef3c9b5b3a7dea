import type { TokenCredential } from '@azure/identity';
import { ServiceBusClient } from '@azure/service-bus';
import WebSocket from 'ws';
import type { SiloConfig } from '../config.ts';

/**
 * A client of the configured namespace. A send that is under way when the connection drops is not rejected but waits
 * for its time-out, so that is short; what is sent twice is recognised by its message id.
 */
export function openServiceBus(
  config: Pick<SiloConfig, 'serviceBus'>,
  credential: TokenCredential,
  timeoutInMs = 10_000,
): ServiceBusClient {
  const { namespace, webSocket } = config.serviceBus;
  return new ServiceBusClient(namespace, credential, {
    retryOptions: { maxRetries: 2, timeoutInMs, retryDelayInMs: 1_000 },
    ...(webSocket ? { webSocketOptions: { webSocket: WebSocket } } : {}),
  });
}

/** Closing waits for a connection that broke while it was being opened; nobody should wait with it for long. */
const CLOSE_LIMIT_MS = 3_000;

/** Closes as far as that goes in a short time; never rejects. */
export async function closeServiceBus(client: ServiceBusClient): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_LIMIT_MS);
  });
  await Promise.race([client.close().catch(() => undefined), limit]);
  clearTimeout(timer);
}
