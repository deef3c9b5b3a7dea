import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultPlan } from '../core/faults.ts';
import { BrokerError } from './broker-error.ts';

/**
 * Faults on the operations of one connection: `send {queue}`, `settle {queue}`, `put-token {queue}` and the
 * management operations, `renew-lock {queue}` and so on. `deliver {queue}` is the queue's own: queue-receive.ts.
 */
export interface LinkFaults {
  /** `special` carries out the kinds that only this operation has. */
  around<T>(operation: string, run: () => Promise<T>, special?: SpecialFaults): Promise<T>;
}

export type SpecialFaults = Partial<
  Record<'duplicate' | 'lock-lost' | 'stale-token', () => Promise<unknown>>
>;

export function createLinkFaults(plan: FaultPlan | undefined, stream: Duplex): LinkFaults {
  return {
    async around(operation, run, special = {}) {
      const rule = plan?.next('servicebus', operation);
      if (rule === undefined || plan === undefined) return run();
      switch (rule.kind) {
        case 'status':
          throw new BrokerError('com.microsoft:server-busy', 'The server is busy; try again shortly.', 503);
        case 'latency':
          await sleep(rule.delayMs ?? 100);
          return run();
        case 'reset':
          stream.destroy();
          throw new BrokerError('amqp:connection:forced', 'The connection was cut.', 500);
        case 'lost-answer': {
          const result = await run();
          stream.destroy();
          return result;
        }
        case 'kill':
          if (rule.point === 'before-answer') await run();
          plan.die();
          return never();
        case 'duplicate':
        case 'lock-lost':
        case 'stale-token':
          await special[rule.kind]?.();
          return run();
        case 'reorder':
        case 'reset-mid-body':
          return run();
      }
    },
  };
}

/** The process is being killed; nothing may go out any more. */
function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
