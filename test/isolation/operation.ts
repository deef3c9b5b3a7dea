import type { DataAction } from '../../shared/domain/access.ts';
import type { Clients } from './clients-of.ts';

export interface Operation {
  /** `receive silo-a`. */
  readonly name: string;
  /** Any one of these on the scope allows it; none means that no data-plane right does. */
  readonly actions: readonly DataAction[];
  readonly scope: string;
  readonly run: (clients: Clients) => Promise<unknown>;
}
