import { BrokerError } from './broker-error.ts';

/** What a queue is created with. Durations in milliseconds, sizes in bytes. */
export interface QueueDefinition {
  /** Lower case letters, digits and `-`, `_`, `.`; no slash, so that no queue's name is another's prefix path. */
  readonly name: string;
  readonly lockDurationMs?: number;
  readonly maxDeliveryCount?: number;
  readonly defaultTtlMs?: number;
  /** Turns duplicate detection on. */
  readonly duplicateDetectionWindowMs?: number;
  readonly deadLetterOnExpiry?: boolean;
  readonly maxMessageBytes?: number;
  readonly maxQueueBytes?: number;
}

export interface QueueSettings {
  readonly name: string;
  readonly lockDurationMs: number;
  readonly maxDeliveryCount: number;
  readonly defaultTtlMs: number | undefined;
  readonly duplicateDetectionWindowMs: number | undefined;
  readonly deadLetterOnExpiry: boolean;
  readonly maxMessageBytes: number;
  readonly maxQueueBytes: number;
}

/** Fills in the defaults of a Standard namespace; throws an argument error for values that Service Bus refuses. */
export function queueSettings(definition: QueueDefinition): QueueSettings {
  const settings: QueueSettings = {
    name: definition.name,
    lockDurationMs: definition.lockDurationMs ?? 60_000,
    maxDeliveryCount: definition.maxDeliveryCount ?? 10,
    defaultTtlMs: definition.defaultTtlMs,
    duplicateDetectionWindowMs: definition.duplicateDetectionWindowMs,
    deadLetterOnExpiry: definition.deadLetterOnExpiry ?? false,
    maxMessageBytes: definition.maxMessageBytes ?? 256 * 1024,
    maxQueueBytes: definition.maxQueueBytes ?? 1024 ** 3,
  };
  require(/^[a-z0-9]([a-z0-9._-]{0,258}[a-z0-9])?$/.test(settings.name), 'name');
  require(isCount(settings.lockDurationMs) && settings.lockDurationMs <= 300_000, 'lockDurationMs');
  require(isCount(settings.maxDeliveryCount), 'maxDeliveryCount');
  require(settings.defaultTtlMs === undefined || isCount(settings.defaultTtlMs), 'defaultTtlMs');
  const window = settings.duplicateDetectionWindowMs;
  require(window === undefined ||
    (isCount(window) && window <= 7 * 86_400_000), 'duplicateDetectionWindowMs');
  require(isCount(settings.maxMessageBytes), 'maxMessageBytes');
  require(isCount(settings.maxQueueBytes), 'maxQueueBytes');
  return settings;
}

function require(holds: boolean, field: string): void {
  if (!holds) throw new BrokerError('com.microsoft:argument-error', `The queue's ${field} is out of range.`);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}
