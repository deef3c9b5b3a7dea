import type { QueueSettings } from './queue-definition.ts';
import type { QueuedMessage } from './queued-message.ts';

/**
 * What the journal knows of queues. Every change names absolute values, so that replaying one over a state that has
 * it already changes nothing. `entity` is a queue's name or its dead-letter queue's.
 */
export type Change =
  | { readonly kind: 'queue'; readonly settings: QueueSettings; readonly nextSequence: number }
  | { readonly kind: 'put'; readonly entity: string; readonly message: QueuedMessage }
  | { readonly kind: 'remove'; readonly entity: string; readonly sequence: number }
  | {
      readonly kind: 'count';
      readonly entity: string;
      readonly sequence: number;
      readonly deliveryCount: number;
    }
  | { readonly kind: 'seen'; readonly entity: string; readonly messageId: string; readonly until: number };

/** Writes changes as one record: all of them or none survive. Resolves when they are on disk. */
export type Persist = (changes: readonly Change[]) => Promise<void>;
