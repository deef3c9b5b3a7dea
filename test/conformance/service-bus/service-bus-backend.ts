/** The Service Bus namespaces that the suite can be run against; TRIBUTARY_CONFORMANCE chooses. */
import { randomUUID } from 'node:crypto';
import {
  type CreateQueueOptions,
  ServiceBusAdministrationClient,
  ServiceBusClient,
} from '@azure/service-bus';
import { atEnd, startNamespace } from '../../local/service-bus/namespace.ts';
import { backendName, conformance, operationLog, requireSetting } from '../conform.ts';
import { operationOf } from './operations.ts';

interface WantedQueue {
  /** Milliseconds; Azure has no less than five seconds. */
  readonly lockDurationMs?: number;
  readonly maxDeliveryCount?: number;
  readonly duplicateDetectionWindowMs?: number;
  readonly deadLetterOnExpiry?: boolean;
}

export function serviceBusSuite() {
  const log = operationLog(operationOf);
  return {
    conform: conformance(log, []),
    /** The shortest lock that can be had, for tests that let one end. */
    shortLockMs: backendName() === 'embedded' ? 700 : 5000,
    /** More than a message may have: Standard takes 256 KiB, Premium up to 100 MB. */
    tooManyBytes: backendName() === 'embedded' ? 300_000 : 101 * 1024 * 1024,
    /** A queue of the test's own, and a client that may do everything with it; gone at the test's end. */
    async freshQueue(wanted: WantedQueue = {}): Promise<{ sb: ServiceBusClient; q: string }> {
      const q = `conf-${randomUUID()}`;
      if (backendName() !== 'embedded') return { sb: await connect(q, wanted), q };
      const { client } = await startNamespace([{ name: q, ...wanted }], { faults: log.faults });
      return { sb: client(), q };
    },
  };
}

/** A namespace by connection string, which the administration client needs to make queues. */
async function connect(queue: string, wanted: WantedQueue): Promise<ServiceBusClient> {
  const connectionString = requireSetting('TRIBUTARY_CONFORMANCE_SERVICE_BUS');
  const admin = new ServiceBusAdministrationClient(connectionString);
  await admin.createQueue(queue, queueOptions(wanted));
  const client = new ServiceBusClient(connectionString);
  atEnd(async () => {
    await client.close();
    await admin.deleteQueue(queue);
  });
  return client;
}

function queueOptions(wanted: WantedQueue): CreateQueueOptions {
  const seconds = (milliseconds: number) => `PT${Math.ceil(milliseconds / 1000)}S`;
  const { lockDurationMs, maxDeliveryCount, duplicateDetectionWindowMs: window, deadLetterOnExpiry } = wanted;
  return {
    ...(lockDurationMs === undefined ? {} : { lockDuration: seconds(lockDurationMs) }),
    ...(maxDeliveryCount === undefined ? {} : { maxDeliveryCount }),
    ...(window === undefined
      ? {}
      : { requiresDuplicateDetection: true, duplicateDetectionHistoryTimeWindow: seconds(window) }),
    ...(deadLetterOnExpiry === undefined ? {} : { deadLetteringOnMessageExpiration: deadLetterOnExpiry }),
  };
}
