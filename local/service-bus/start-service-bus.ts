import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Authorize } from '../core/authorizer.ts';
import type { FaultPlan } from '../core/faults.ts';
import { crashFromPlan } from '../core/log-crash.ts';
import type { VerifyToken } from '../core/principal.ts';
import { createAmqpServer } from './amqp-server.ts';
import { type ConnectionLimits, DEFAULT_LIMITS } from './connection-state.ts';
import { createDeadlines, type Deadlines } from './deadlines.ts';
import { listenAmqps, listenWebSocket } from './listeners.ts';
import type { QueueDefinition, QueueSettings } from './queue-definition.ts';
import type { QueueState } from './queue-state.ts';
import { openQueueStore } from './queue-store.ts';
import { createRandomPool } from './random-pool.ts';
import { createSharedAccess, type SharedAccessRule } from './shared-access.ts';

export interface ServiceBusOptions {
  /** AMQP over TLS; 0 takes a free port. */
  readonly port: number;
  /** AMQP over WebSocket, where given; 0 takes a free port. */
  readonly websocketPort?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** The broker keeps its queues in `{dataDir}/service-bus`. */
  readonly dataDir: string;
  readonly tls: { readonly certPem: string; readonly keyPem: string };
  readonly verify: VerifyToken;
  readonly authorize: Authorize;
  /** Rules for connection strings. Default none: access tokens only. */
  readonly sharedAccessRules?: readonly SharedAccessRule[];
  /** Epoch milliseconds. Default the system clock. */
  readonly now?: () => number;
  /** Faults for tests of clients; service `servicebus`, operations as in link-faults.ts. */
  readonly faults?: FaultPlan;
  readonly limits?: Partial<ConnectionLimits>;
  /** Bytes under which the log is never rewritten. */
  readonly compactAbove?: number;
}

export interface QueueStatus {
  readonly name: string;
  readonly settings: QueueSettings;
  /** Waiting or locked. */
  readonly active: number;
  readonly scheduled: number;
  readonly deadLetter: number;
  /** Stored bytes, dead-letter queue included. */
  readonly bytes: number;
}

export interface ServiceBus {
  /** The fully qualified namespace for a ServiceBusClient, port included. */
  readonly endpoint: string;
  readonly port: number;
  readonly websocketPort: number | undefined;
  /** Creates the queue or updates its settings; safe to repeat. */
  ensureQueue(definition: QueueDefinition): Promise<void>;
  queues(): QueueStatus[];
  /** Cuts all client connections, as a network failure would. */
  dropConnections(): void;
  close(): Promise<void>;
}

const SWEEP_MS = 1000;

/** Starts the embedded Service Bus namespace and resumes the queues that it finds on disk. */
export async function startServiceBus(options: ServiceBusOptions): Promise<ServiceBus> {
  const { host = '127.0.0.1', now = Date.now, tls, faults } = options;
  // Locks, expiry and schedules may be made to run ahead for tests; tokens keep the real time.
  const queueTime = (): number => now() + (faults?.clockAheadMs ?? 0);
  const random = createRandomPool();
  const clock = runDeadlines(createDeadlines(queueTime), queueTime);
  const sharedAccess = createSharedAccess(options.sharedAccessRules ?? [], now);
  const store = await openQueueStore({
    directory: join(options.dataDir, 'service-bus'),
    environment: {
      now: queueTime,
      deadlines: clock.deadlines,
      randomBytes: random,
      defer: (round) => void setImmediate(round),
      ...(faults === undefined
        ? {}
        : { deliveryFault: (entity) => faults.next('servicebus', `deliver ${entity}`) }),
    },
    ...crashFromPlan(faults, 'servicebus'),
    ...(options.compactAbove === undefined ? {} : { compactAbove: options.compactAbove }),
  });
  const server = createAmqpServer({
    queues: store.queues,
    verify: options.verify,
    authorize: options.authorize,
    sharedAccess,
    now,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    newMessageId: () => random(16).toString('hex'),
    faults,
  });
  const onStream = (stream: Duplex): void => server.accept(stream);
  const listeners = [await listenAmqps({ host, port: options.port, tls, onStream })];
  try {
    if (options.websocketPort !== undefined) {
      listeners.push(await listenWebSocket({ host, port: options.websocketPort, tls, onStream }));
    }
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close()));
    clock.stop();
    await store.close();
    throw error;
  }
  const sweep = setInterval(() => server.sweep(), SWEEP_MS);
  const port = listeners[0]?.port ?? options.port;
  return {
    // By name: TLS clients warn about addresses as server names.
    endpoint: `${host === '127.0.0.1' ? 'localhost' : host}:${port}`,
    port,
    websocketPort: listeners[1]?.port,
    ensureQueue: (definition) => store.ensure(definition),
    queues: () => [...store.queues.values()].map(queueStatus),
    dropConnections: () => server.dropConnections(),
    async close() {
      clearInterval(sweep);
      server.dropConnections();
      await Promise.all(listeners.map((listener) => listener.close()));
      clock.stop();
      await store.close();
    },
  };
}

function queueStatus(queue: QueueState): QueueStatus {
  let scheduled = 0;
  for (const { scheduledFor } of queue.messages.from(0)) if (scheduledFor > 0) scheduled++;
  return {
    name: queue.entity,
    settings: queue.shared.settings,
    active: queue.messages.size - scheduled,
    scheduled,
    deadLetter: queue.deadLetter?.messages.size ?? 0,
    bytes: queue.messages.bytes + (queue.deadLetter?.messages.bytes ?? 0),
  };
}

/**
 * Fires deadlines when they are due. It never sleeps longer than a second, so that a clock that is set, or a machine
 * that was suspended, does not leave locks and messages beyond their time.
 */
function runDeadlines(deadlines: Deadlines, now: () => number): { deadlines: Deadlines; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let wakeAt = Infinity;
  let stopped = false;
  function arm(): void {
    const next = deadlines.next();
    if (stopped || next === Infinity || next >= wakeAt) return;
    clearTimeout(timer);
    wakeAt = next;
    timer = setTimeout(wake, Math.min(Math.max(0, next - now()), 1000));
  }
  function wake(): void {
    wakeAt = Infinity;
    deadlines.run();
    arm();
  }
  const armed: Deadlines = {
    add(...deadline) {
      deadlines.add(...deadline);
      arm();
    },
    next: () => deadlines.next(),
    run: () => deadlines.run(),
  };
  return {
    deadlines: armed,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
