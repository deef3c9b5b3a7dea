import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultPlan } from '../core/faults.ts';
import { BrokerError } from './broker-error.ts';

/** Faults on the operations of one connection, named `send {queue}`, `settle {queue}` and `manage {queue}`. */
export interface LinkFaults {
  around<T>(operation: string, run: () => Promise<T>): Promise<T>;
}

export function createLinkFaults(plan: FaultPlan | undefined, stream: Duplex): LinkFaults {
  return {
    async around(operation, run) {
      const rule = plan?.next('servicebus', operation);
      switch (rule?.kind) {
        case undefined:
          return run();
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
      }
    },
  };
}
