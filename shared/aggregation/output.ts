import type { StateTensor } from '../domain/strategies/fold-plan.ts';

/** The files that an aggregation writes. */
export type Output = 'model' | StateTensor;

/** Takes the next bytes, which are the caller's again once it resolves. */
export type Write = (chunk: Uint8Array) => Promise<void>;
