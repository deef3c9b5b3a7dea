import type { StoredItem } from './container-state.ts';
import { CosmosFailure } from './failure.ts';

/** Charges of about the size that the service names for small items; for reading plans, not for billing. */
export function chargeOf(item: StoredItem, read: boolean): number {
  const kibibytes = Math.max(1, Math.ceil(JSON.stringify(item.body).length / 1024));
  return read ? kibibytes : 5 + kibibytes;
}

export function queryCharge(documents: number): number {
  return Math.round((2.3 + documents * 0.05) * 100) / 100;
}

export interface RequestUnits {
  /** @throws CosmosFailure 429 when this second's budget is used up. */
  admit(): void;
  spend(charge: number): void;
}

/** A budget per second, as provisioned throughput; without one nothing is ever refused. */
export function createRequestUnits(perSecond: number | undefined, now: () => number): RequestUnits {
  let second = 0;
  let spent = 0;
  return {
    admit() {
      const present = now();
      if (Math.floor(present / 1000) !== second) {
        second = Math.floor(present / 1000);
        spent = 0;
      }
      if (perSecond === undefined || spent < perSecond) return;
      throw new CosmosFailure(
        429,
        'TooManyRequests',
        'The request rate is too large. Please retry after some time.',
        {
          substatus: 3200,
          headers: { 'x-ms-retry-after-ms': String((second + 1) * 1000 - present) },
        },
      );
    },
    spend(charge) {
      spent += charge;
    },
  };
}
