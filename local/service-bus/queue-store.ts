import { mkdir } from 'node:fs/promises';
import { openAppendLog } from '../core/append-log.ts';
import type { LogCrash } from '../core/log-crash.ts';
import type { Change, Persist } from './journal-change.ts';
import { decodeChanges, encodeChanges } from './journal-records.ts';
import { deadlineOwner } from './queue-deadlines.ts';
import { type QueueDefinition, type QueueSettings, queueSettings } from './queue-definition.ts';
import { give } from './queue-receive.ts';
import { createQueueState, enlist, hold, type QueueEnvironment, type QueueState } from './queue-state.ts';

/** All queues of a broker, as they stand in one log. */
export interface QueueStore {
  readonly queues: ReadonlyMap<string, QueueState>;
  /** Creates the queue or gives an existing one these settings; resolves when that is on disk. */
  ensure(definition: QueueDefinition): Promise<void>;
  /** Bytes of the log. */
  readonly bytes: number;
  close(): Promise<void>;
}

export interface QueueStoreOptions {
  readonly directory: string;
  readonly environment: Omit<QueueEnvironment, 'persist'>;
  readonly compactAbove?: number;
  readonly crash?: LogCrash;
}

export async function openQueueStore(options: QueueStoreOptions): Promise<QueueStore> {
  const queues = new Map<string, QueueState>();
  await mkdir(options.directory, { recursive: true });
  const environment: QueueEnvironment = {
    ...options.environment,
    persist: (changes) => persist(changes),
  };
  const log = await openAppendLog({
    directory: options.directory,
    name: 'queues',
    replay(record) {
      for (const change of decodeChanges(record)) replay(queues, environment, change);
    },
    snapshot: () => snapshot(queues),
    ...(options.compactAbove === undefined ? {} : { compactAbove: options.compactAbove }),
    ...(options.crash === undefined ? {} : { crash: options.crash }),
  });
  const persist: Persist = (changes) => log.append(encodeChanges(changes));
  for (const queue of queues.values()) resume(queue);
  return {
    queues,
    async ensure(definition) {
      const settings = queueSettings(definition);
      const known = queues.get(settings.name);
      const previous = known?.shared.settings;
      if (previous !== undefined && JSON.stringify(previous) === JSON.stringify(settings)) return;
      const queue = define(queues, environment, settings);
      try {
        await persist([{ kind: 'queue', settings, nextSequence: queue.shared.nextSequence }]);
      } catch (error) {
        if (previous === undefined) queues.delete(settings.name);
        else queue.shared.settings = previous;
        throw error;
      }
    },
    get bytes() {
      return log.bytes;
    },
    close: () => log.close(),
  };
}

function define(
  queues: Map<string, QueueState>,
  environment: QueueEnvironment,
  settings: QueueSettings,
): QueueState {
  const known = queues.get(settings.name);
  if (known !== undefined) {
    known.shared.settings = settings;
    return known;
  }
  const queue = createQueueState(environment, settings, { give, deadlineOwner });
  queues.set(settings.name, queue);
  return queue;
}

function replay(queues: Map<string, QueueState>, environment: QueueEnvironment, change: Change): void {
  if (change.kind === 'queue') {
    const { shared } = define(queues, environment, change.settings);
    shared.nextSequence = Math.max(shared.nextSequence, change.nextSequence);
    return;
  }
  const queue = entityOf(queues, change.entity);
  if (queue === undefined) return;
  if (change.kind === 'put') hold(queue, change.message);
  else if (change.kind === 'remove') queue.messages.remove(change.sequence);
  else if (change.kind === 'seen') queue.duplicates.remember(change.messageId, change.until);
  else {
    const message = queue.messages.get(change.sequence);
    if (message !== undefined) message.deliveryCount = change.deliveryCount;
  }
}

function entityOf(queues: ReadonlyMap<string, QueueState>, entity: string): QueueState | undefined {
  const [name = '', sub] = entity.split('/');
  const queue = queues.get(name);
  return sub === undefined ? queue : queue?.deadLetter;
}

function resume(queue: QueueState): void {
  for (const entity of [queue, queue.deadLetter]) {
    if (entity === undefined) continue;
    for (const message of entity.messages.from(0)) enlist(entity, message);
  }
}

function* snapshot(queues: ReadonlyMap<string, QueueState>): Iterable<Uint8Array> {
  for (const queue of queues.values()) {
    const { settings, nextSequence } = queue.shared;
    yield encodeChanges([{ kind: 'queue', settings, nextSequence }]);
    for (const [messageId, { until }] of queue.duplicates.entries()) {
      yield encodeChanges([{ kind: 'seen', entity: queue.entity, messageId, until }]);
    }
    for (const entity of [queue, queue.deadLetter]) {
      for (const message of entity?.messages.from(0) ?? []) {
        yield encodeChanges([{ kind: 'put', entity: entity?.entity ?? '', message }]);
      }
    }
  }
}
